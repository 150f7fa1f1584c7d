import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { WebSocket } from 'ws'

/**
 * One client of one note, as light as can be: a bare WebSocket that speaks the y-websocket protocol. Hocuspocus puts
 * the document's name before each message and wants a token first; apart from that it says the same.
 */
export type NoteSocket = {
  update(update: Uint8Array): void
  /** Ends the connection at once. */
  terminate(): void
}

export type NoteAddress = {
  url: string
  /** What stands before each message. */
  prefix: Uint8Array
  /** Sent before anything else, and its answer waited for. */
  token?: string
}

export type NoteListener = {
  /** Updates, the first answer (step 2) included. */
  update?(update: Uint8Array): void
  /** What the client has and the server lacks: its step 2 to the server's step 1. */
  own?: Uint8Array
  /** Tells everybody that this Yjs client is here, as apps do. */
  present?: number
}

const message = { sync: 0, awareness: 1, auth: 2, syncReply: 4 } as const
const sync = { step1: 0, step2: 1, update: 2 } as const
const nothing = new Uint8Array([0, 0])
const emptyStateVector = new Uint8Array([0])
const openTimeoutMs = 30_000

/**
 * Opens a note. Resolves when the first sync is through. A connection that ends later, otherwise than by `terminate`, is
 * thrown out of its listener: no measure goes on without all its clients.
 */
export function openNote(address: NoteAddress, listener: NoteListener = {}): Promise<NoteSocket> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(address.url, { perMessageDeflate: false, handshakeTimeout: openTimeoutMs })
    const { prefix } = address
    let state: 'opening' | 'open' | 'over' = 'opening'
    const late = setTimeout(() => fail('is not synced in time'), openTimeoutMs)

    const socket: NoteSocket = {
      update: (update) => ws.send(syncMessage(prefix, sync.update, update)),
      terminate() {
        state = 'over'
        ws.terminate()
      },
    }

    function fail(why: string): void {
      const error = new Error(`${address.url.replace(/\?.*/, '')}: ${why}`)
      const before = state
      clearTimeout(late)
      state = 'over'
      ws.terminate()
      if (before === 'opening') reject(error)
      else if (before === 'open') throw error
    }

    function begin(): void {
      ws.send(syncMessage(prefix, sync.step1, emptyStateVector))
      if (listener.present !== undefined) ws.send(presenceMessage(prefix, listener.present))
    }

    ws.on('open', () => {
      if (address.token === undefined) begin()
      else ws.send(authMessage(prefix, address.token))
    })
    ws.on('error', (error) => fail(error.message))
    ws.on('close', (code, reason) => {
      if (state !== 'over') fail(`closed with ${code} ${reason}`)
    })
    ws.on('message', (data: Buffer) => {
      const at = prefix.length
      const type = data[at]
      if (type === message.auth && state === 'opening') begin()
      if (type !== message.sync && type !== message.syncReply) return
      const kind = data[at + 1]
      if (kind === sync.step1) {
        ws.send(syncMessage(prefix, sync.step2, listener.own ?? nothing))
        return
      }
      if (listener.update) listener.update(bodyOf(data, at + 2))
      if (kind === sync.step2 && state === 'opening') {
        state = 'open'
        clearTimeout(late)
        resolve(socket)
      }
    })
  })
}

/** The varuint-counted bytes that begin here. */
function bodyOf(data: Buffer, at: number): Uint8Array {
  const decoder = decoding.createDecoder(data)
  decoder.pos = at
  return decoding.readVarUint8Array(decoder)
}

function syncMessage(prefix: Uint8Array, kind: number, body: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeUint8Array(encoder, prefix)
  encoding.writeVarUint(encoder, message.sync)
  encoding.writeVarUint(encoder, kind)
  encoding.writeVarUint8Array(encoder, body)
  return encoding.toUint8Array(encoder)
}

function authMessage(prefix: Uint8Array, token: string): Uint8Array {
  const encoder = encoding.createEncoder()
  encoding.writeUint8Array(encoder, prefix)
  encoding.writeVarUint(encoder, message.auth)
  encoding.writeVarUint(encoder, 0)
  encoding.writeVarString(encoder, token)
  return encoding.toUint8Array(encoder)
}

function presenceMessage(prefix: Uint8Array, client: number): Uint8Array {
  const update = encoding.createEncoder()
  encoding.writeVarUint(update, 1)
  encoding.writeVarUint(update, client)
  encoding.writeVarUint(update, 1)
  encoding.writeVarString(update, JSON.stringify({ user: { name: 'Ada', color: '#30bced' } }))
  const encoder = encoding.createEncoder()
  encoding.writeUint8Array(encoder, prefix)
  encoding.writeVarUint(encoder, message.awareness)
  encoding.writeVarUint8Array(encoder, encoding.toUint8Array(update))
  return encoding.toUint8Array(encoder)
}
