import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

/**
 * Yjs updates of somebody who types, written and read by hand (update format, version 1), so that the load costs next
 * to nothing. Each typist goes on behind the own last character in the root text `text`: what a Y.Doc would emit.
 */
export type Typist = {
  client: number
  /** Characters typed so far. */
  typed(): number
  /** The update of the next characters (ASCII only). */
  type(text?: string): Uint8Array
}

const item = { string: 4, hasOrigin: 0x80, hasRightOrigin: 0x40, hasKey: 0x20 } as const
const content = { skipped: 10, gc: 0, deleted: 1 } as const

export function createTypist(client: number): Typist {
  let clock = 0
  return {
    client,
    typed: () => clock,
    type(text = 'x') {
      const encoder = encoding.createEncoder()
      // One client, one struct.
      encoding.writeVarUint(encoder, 1)
      encoding.writeVarUint(encoder, 1)
      encoding.writeVarUint(encoder, client)
      encoding.writeVarUint(encoder, clock)
      if (clock > 0) {
        encoding.writeUint8(encoder, item.string | item.hasOrigin)
        encoding.writeVarUint(encoder, client)
        encoding.writeVarUint(encoder, clock - 1)
      } else {
        encoding.writeUint8(encoder, item.string)
        encoding.writeVarUint(encoder, 1)
        encoding.writeVarString(encoder, 'text')
      }
      encoding.writeVarString(encoder, text)
      encoding.writeVarUint(encoder, 0)
      clock += text.length
      return encoding.toUint8Array(encoder)
    },
  }
}

/** Tells which clocks of which client an update holds: from `from` up to, not including, `to`. Text only; else throws. */
export function eachRange(
  update: Uint8Array,
  tell: (client: number, from: number, to: number) => void,
): void {
  const decoder = decoding.createDecoder(update)
  for (let clients = decoding.readVarUint(decoder); clients > 0; clients--) {
    let structs = decoding.readVarUint(decoder)
    const client = decoding.readVarUint(decoder)
    const from = decoding.readVarUint(decoder)
    let to = from
    for (; structs > 0; structs--) to += readStruct(decoder)
    tell(client, from, to)
  }
}

/** Length of the struct that begins here. */
function readStruct(decoder: decoding.Decoder): number {
  const info = decoding.readUint8(decoder)
  const kind = info & 0x1f
  if (kind === content.gc || kind === content.skipped) return decoding.readVarUint(decoder)
  if (info & item.hasOrigin) skipId(decoder)
  if (info & item.hasRightOrigin) skipId(decoder)
  if (!(info & (item.hasOrigin | item.hasRightOrigin))) {
    if (decoding.readVarUint(decoder) === 1) decoding.readVarString(decoder)
    else skipId(decoder)
    if (info & item.hasKey) decoding.readVarString(decoder)
  }
  if (kind === content.deleted) return decoding.readVarUint(decoder)
  if (kind === item.string) return decoding.readVarString(decoder).length
  throw new RangeError(`content ${kind} is no text`)
}

function skipId(decoder: decoding.Decoder): void {
  decoding.readVarUint(decoder)
  decoding.readVarUint(decoder)
}
