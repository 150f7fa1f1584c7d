import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness.js'
import * as Y from 'yjs'
import { maxJsonDepth, nestedDeeper } from '../../domain/entries/canonical.ts'

/**
 * Who is in a note, and where: regional, never stored. The region writes each person's identity into their state, and
 * lets a connection speak for its own Yjs clients only: stock providers echo what they hear of others.
 */
export type NoteAwareness = {
  /** Takes an awareness update of a member. False if the bytes are none. */
  apply(update: Uint8Array, member: object, person: Person): boolean
  /** An update with everybody's state. */
  everybody(): Uint8Array
  /** How many are there. */
  size(): number
  /** A member is gone, and its clients with it. */
  remove(member: object): void
  close(): void
}

export type Person = { id: string; name: string }

/** Changes within this time, in milliseconds, are told together. */
const throttle = 50
/** Largest state of one client, in characters of JSON. */
const stateLimit = 16 * 1024
/** Clients that one connection may speak for. */
const clientsLimit = 16
/** Clients that are gone and whose last clock is remembered, so that an echo does not bring them back. */
const goneLimit = 1000

type ClientState = { client: number; clock: number; state: unknown }

export function createNoteAwareness(tell: (update: Uint8Array) => void): NoteAwareness {
  const awareness = new Awareness(new Y.Doc())
  awareness.setLocalState(null)
  const owners = new Map<number, { member: object; person: Person }>()
  const changed = new Set<number>()
  let timer: NodeJS.Timeout | undefined

  type Change = { added: number[]; updated: number[]; removed: number[] }
  awareness.on('update', ({ added, updated, removed }: Change) => {
    for (const client of [...added, ...updated, ...removed]) changed.add(client)
    for (const client of removed) owners.delete(client)
    forgetTheOldest()
    timer ??= setTimeout(flush, throttle)
  })

  function flush(): void {
    timer = undefined
    const clients = [...changed].filter((client) => awareness.meta.has(client))
    changed.clear()
    if (clients.length > 0) tell(encodeAwarenessUpdate(awareness, clients))
  }

  /** The library remembers for ever: somebody who comes as ever new clients would fill the memory. */
  function forgetTheOldest(): void {
    const { meta, states } = awareness
    for (const client of meta.keys()) {
      if (meta.size <= states.size + goneLimit) return
      if (!states.has(client)) meta.delete(client)
    }
  }

  /** A client belongs to the connection that spoke for it first; the same person may go on over another one. */
  function mayState({ client, clock, state }: ClientState, member: object, person: Person): boolean {
    const owner = owners.get(client)
    if (owner?.member === member) return true
    if (state === null || (owner && owner.person.id !== person.id)) return false
    return clock > (awareness.meta.get(client)?.clock ?? -1)
  }

  return {
    apply(update, member, person) {
      const states = decodeStates(update)
      if (!states) return false
      let room = clientsLimit - [...owners.values()].filter((owner) => owner.member === member).length
      const taken = states.filter(
        (one) => mayState(one, member, person) && (owners.get(one.client)?.member === member || room-- > 0),
      )
      for (const one of taken) if (one.state !== null) owners.set(one.client, { member, person })
      if (taken.length > 0) applyAwarenessUpdate(awareness, encodeStates(taken, person), member)
      return true
    },
    everybody: () => encodeAwarenessUpdate(awareness, [...awareness.getStates().keys()]),
    size: () => awareness.getStates().size,
    remove(member) {
      const clients = [...owners].filter(([, owner]) => owner.member === member).map(([client]) => client)
      removeAwarenessStates(awareness, clients, member)
      for (const client of clients) owners.delete(client)
    },
    close() {
      clearTimeout(timer)
      awareness.destroy()
    },
  }
}

/** An awareness update without anybody in it. */
export const nobody = new Uint8Array([0])

function decodeStates(update: Uint8Array): ClientState[] | undefined {
  try {
    const decoder = decoding.createDecoder(update)
    const states: ClientState[] = []
    for (let left = decoding.readVarUint(decoder); left > 0; left--) {
      const client = decoding.readVarUint(decoder)
      const clock = decoding.readVarUint(decoder)
      const text = decoding.readVarString(decoder)
      if (text.length > stateLimit) return undefined
      const state: unknown = JSON.parse(text)
      if (typeof state !== 'object' || Array.isArray(state)) return undefined
      if (!Number.isSafeInteger(client) || !Number.isSafeInteger(clock)) return undefined
      if (nestedDeeper(state, maxJsonDepth)) return undefined
      states.push({ client, clock, state })
    }
    return decoding.hasContent(decoder) ? undefined : states
  } catch {
    return undefined
  }
}

function encodeStates(states: readonly ClientState[], { id, name }: Person): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, states.length)
  for (const { client, clock, state } of states) {
    encoding.writeVarUint(encoder, client)
    encoding.writeVarUint(encoder, clock)
    // Whatever else a state says of its user (a colour) may stay; who it is, the region says.
    const said = state === null ? null : { ...state, user: { ...Object(userOf(state)), name, id } }
    encoding.writeVarString(encoder, JSON.stringify(said))
  }
  return encoding.toUint8Array(encoder)
}

function userOf(state: unknown): unknown {
  const user = (state as { user?: unknown }).user
  return typeof user === 'object' && user !== null && !Array.isArray(user) ? user : {}
}
