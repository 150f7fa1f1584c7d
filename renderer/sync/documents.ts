import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import type { CommittedEntry } from '../../domain/entries/entry.ts'
import { entriesMap } from '../../domain/entries/items.ts'
import { closeCodes } from '../../domain/wire/wire.ts'
import type { Channels } from './channels.ts'
import type { Copies } from './copies.ts'
import { joinItem } from './items.ts'

/**
 * The documents on screen: first this device's copy, then live by y-websocket's provider as it is, over a channel of the
 * one connection. `disableBc` keeps out its broadcast channel between windows, which would show what no region has
 * flushed. What the region hands over goes into the copy.
 */
export type DocumentState = {
  /** False until a region has handed over everything it had, now or before: until then, absence means nothing. */
  complete: boolean
  /** When a region last confirmed that this is all, ms since 1970; undefined while it is connected, or if none ever did. */
  confirmedAt: number | undefined
  connection: 'connecting' | 'live' | 'refused'
  entries: readonly CommittedEntry[]
  /** Ids of the entries. */
  held: ReadonlySet<string>
}

export type DocumentSet = {
  /** Opens what is named and not open, closes what is not named any more. */
  want(names: readonly string[]): void
  states(): ReadonlyMap<string, DocumentState>
  onChange(listener: () => void): () => void
  close(): void
}

export type DocumentsDeps = {
  channels: Pick<Channels, 'socketOf' | 'onOpened'>
  copies: Copies
  /** Milliseconds since 1970. */
  now: () => number
}

type Open = { state: DocumentState; close: () => void }

export function createDocumentSet(deps: DocumentsDeps): DocumentSet {
  const open = new Map<string, Open>()
  const listeners = new Set<() => void>()
  let states: ReadonlyMap<string, DocumentState> = new Map()
  let telling = false
  /** Name → how often it was read anew since it was last whole. */
  const anew = new Map<string, number>()
  const waiting = new Map<string, ReturnType<typeof setTimeout>>()

  // One change of the screen for all documents that changed in one turn.
  const changed = () => {
    if (telling) return
    telling = true
    setTimeout(() => {
      telling = false
      states = new Map([...open].map(([name, { state }]) => [name, state]))
      for (const listener of listeners) listener()
    })
  }

  const openOne = (name: string) => {
    const mine = openDocument(deps, name, {
      tell(state) {
        const one = open.get(name)
        if (one === mine) mine.state = state
        if (state.connection === 'live') anew.delete(name)
        changed()
      },
      anew() {
        if (open.get(name) !== mine) return
        mine.close()
        const times = anew.get(name) ?? 0
        anew.set(name, times + 1)
        if (times === 0) return openOne(name)
        // A region that calls it void again and again is not asked in haste.
        const again = setTimeout(
          () => {
            if (open.get(name) === mine) openOne(name)
          },
          Math.min(500 * 2 ** times, 15_000),
        )
        waiting.set(name, again)
      },
    })
    open.set(name, mine)
  }

  return {
    want(names) {
      for (const [name, one] of open)
        if (!names.includes(name)) {
          one.close()
          open.delete(name)
          anew.delete(name)
          clearTimeout(waiting.get(name))
        }
      for (const name of names) if (!open.has(name)) openOne(name)
      changed()
    },
    states: () => states,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      for (const one of open.values()) one.close()
      for (const timer of waiting.values()) clearTimeout(timer)
      open.clear()
      listeners.clear()
    },
  }
}

type Hearer = {
  tell(state: DocumentState): void
  /** What is shown is void, and the copy is gone. */
  anew(): void
}

function openDocument(deps: DocumentsDeps, name: string, hearer: Hearer): Open {
  const doc = new Y.Doc()
  const items = doc.getMap<unknown>(entriesMap)
  const entries = new Map<string, CommittedEntry>()
  const copy = deps.copies.open(name, doc)
  let state: DocumentState = {
    complete: false,
    confirmedAt: undefined,
    connection: 'connecting',
    entries: [],
    held: new Set(),
  }
  let closed = false
  let erased = false

  const update = (change: Partial<DocumentState>) => {
    if (closed) return
    state = { ...state, ...change }
    hearer.tell(state)
  }

  items.observe((event) => {
    for (const key of event.keysChanged) joinItem(entries, key, items.get(key))
    update({ entries: [...entries.values()], held: new Set(entries.keys()) })
  })

  const provider = new WebsocketProvider('ws:', name, doc, {
    connect: false,
    disableBc: true,
    WebSocketPolyfill: deps.channels.socketOf(name),
    shouldReconnect: ({ code }) => code < 4400 || code > 4499 || code === closeCodes.unauthorized,
  })
  // Presence is for notes only.
  provider.awareness.setLocalState(null)
  // A document of which nothing is heard is quiet; it is the connection that is given up when it is silent.
  clearInterval(provider._checkInterval)
  provider.on('status', ({ status }) => {
    if (status === 'disconnected' && state.connection === 'live')
      update({ connection: 'connecting', confirmedAt: deps.now() })
  })
  provider.on('sync', (synced) => {
    if (!synced) return
    update({ complete: true, connection: 'live', confirmedAt: undefined })
    copy.confirm(deps.now())
  })
  provider.on('closed', () => update({ connection: 'refused' }))
  provider.on('connection-close', (event) => {
    if (event?.code === closeCodes.startAnew) void copy.drop().then(hearer.anew)
    else if (event?.code === closeCodes.erased) {
      erased = true
      update({ complete: false, confirmedAt: undefined, entries: [], held: new Set() })
      void copy.drop()
    }
  })
  // What one region refuses another one may have, or the same one later.
  const leave = deps.channels.onOpened(() => {
    if (erased || state.connection !== 'refused') return
    update({ connection: 'connecting' })
    provider.connect()
  })

  // The copy comes first: the region then hands over only what it lacks.
  const begin = (confirmedAt: number | undefined) => {
    if (closed) return
    if (confirmedAt !== undefined) update({ complete: true, confirmedAt })
    provider.connect()
  }
  // A disk that fails does not keep the region from handing over.
  void copy.read().then(begin, () => begin(undefined))

  return {
    state,
    close() {
      closed = true
      leave()
      provider.destroy()
      void copy.close().finally(() => doc.destroy())
    },
  }
}
