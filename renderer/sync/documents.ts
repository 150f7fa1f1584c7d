import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import type { CommittedEntry } from '../../domain/entries/entry.ts'
import { entriesMap } from '../../domain/entries/items.ts'
import { closeCodes } from '../../domain/wire/wire.ts'
import { joinItem } from './items.ts'

/**
 * The documents on screen, each open live by y-websocket's provider as it is. `disableBc` keeps out its broadcast
 * channel between windows, which would show what no region has flushed.
 */
export type DocumentState = {
  /** False until the region has handed over everything it has: until then, absence means nothing. */
  complete: boolean
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

export type DocumentsDeps = { sync: string; token: () => Promise<string | undefined> }

type Open = { state: DocumentState; close: () => void }

export function createDocumentSet(deps: DocumentsDeps): DocumentSet {
  const open = new Map<string, Open>()
  const listeners = new Set<() => void>()
  let states: ReadonlyMap<string, DocumentState> = new Map()
  let telling = false

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

  return {
    want(names) {
      for (const [name, one] of open)
        if (!names.includes(name)) {
          one.close()
          open.delete(name)
        }
      for (const name of names)
        if (!open.has(name))
          open.set(
            name,
            openDocument(deps, name, (state) => {
              const one = open.get(name)
              if (one) one.state = state
              changed()
            }),
          )
      changed()
    },
    states: () => states,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      for (const one of open.values()) one.close()
      open.clear()
      listeners.clear()
    },
  }
}

function openDocument(deps: DocumentsDeps, name: string, tell: (state: DocumentState) => void): Open {
  const doc = new Y.Doc()
  const items = doc.getMap<unknown>(entriesMap)
  const entries = new Map<string, CommittedEntry>()
  let state: DocumentState = { complete: false, connection: 'connecting', entries: [], held: new Set() }
  let closed = false

  const update = (change: Partial<DocumentState>) => {
    if (closed) return
    state = { ...state, ...change }
    tell(state)
  }

  items.observe((event) => {
    for (const key of event.keysChanged) joinItem(entries, key, items.get(key))
    update({ entries: [...entries.values()], held: new Set(entries.keys()) })
  })

  const provider = new WebsocketProvider(deps.sync, name, doc, {
    connect: false,
    disableBc: true,
    shouldReconnect: ({ code }) => code < 4400 || code > 4499 || code === closeCodes.unauthorized,
  })
  // Presence is for notes only.
  provider.awareness.setLocalState(null)
  provider.on('status', ({ status }) => {
    if (status === 'disconnected') update({ connection: 'connecting' })
  })
  provider.on('sync', (synced) => {
    if (synced) update({ complete: true, connection: 'live' })
  })
  provider.on('closed', () => update({ connection: 'refused' }))

  const freshToken = async () => {
    const token = await deps.token()
    // A sub-protocol, not a query parameter: addresses stand in consoles and in the logs of proxies.
    if (token !== undefined) provider.protocols = [`bearer.${token}`]
  }
  // The provider connects again by itself; by then the token may be another.
  provider.on('connection-close', () => void freshToken())
  void freshToken().then(() => {
    if (!closed) provider.connect()
  })

  return {
    state,
    close() {
      closed = true
      provider.destroy()
      doc.destroy()
    },
  }
}
