import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { entryId, isParsedEntry, parseEntry } from '../entries/entry.ts'
import { type AuthoredItem, encodeItems, encodeStateVector, entriesMap, itemKey } from '../entries/items.ts'
import { clientIdOf } from '../entries/origin.ts'
import { importedId } from '../fhir/import-id.ts'
import { versionIdOf } from '../fhir/version-id.ts'
import { decodeFrame, encodeFrame, type Frame } from '../wire/wire.ts'
import entries from './entries.json' with { type: 'json' }
import frames from './frames.json' with { type: 'json' }
import importIds from './import-ids.json' with { type: 'json' }
import items from './items.json' with { type: 'json' }
import origins from './origins.json' with { type: 'json' }
import versionIds from './version-ids.json' with { type: 'json' }

/**
 * The vectors were made once by a separate program in another language, from interfaces.md and the heads of
 * `items.ts` and `wire.ts`. Whoever builds a client of his own can test it against the same files.
 */

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

function parsed(at: number) {
  const entry = parseEntry(entries[at]?.entry)
  if (!isParsedEntry(entry)) throw new Error(entry.detail)
  return entry
}

describe('test vectors', () => {
  it.each(entries.map((vector, at) => ({ ...vector, at })))(
    'EN17 entry $at has its canonical text and the id $id',
    ({ at, canonical, id }) => {
      const { entry, ...rest } = parsed(at)
      expect(rest).toEqual({ canonical, id })
      expect(entryId(entry)).toBe(id)
    },
  )

  it.each(items)(
    'IT10 $name: the update and its state vector have these bytes, and Yjs reads them',
    (vector) => {
      const authored = vector.items.map(({ entry: at, id, origin, clock, seq, epoch }): AuthoredItem => {
        return { origin, clock, id, entry: parsed(at).entry, commit: { origin, seq, epoch } }
      })
      expect(authored.map(({ entry }) => entryId(entry))).toEqual(authored.map(({ id }) => id))
      expect(hex(encodeItems(authored))).toBe(vector.update)
      const clocks = new Map(authored.map(({ origin, clock }) => [origin, clock + 1]))
      expect(hex(encodeStateVector(clocks))).toBe(vector.stateVector)
      const doc = new Y.Doc()
      Y.applyUpdate(doc, bytesOf(vector.update))
      const held = doc.getMap(entriesMap)
      // An item whose predecessors are missing waits; all others can be read.
      if (authored.every(({ clock }) => clock < authored.length))
        for (const { id, origin, entry, commit } of authored)
          expect(held.get(itemKey(id, origin))).toEqual({ ...entry, commit })
    },
  )

  it.each(origins)('IT11 $origin authors as the client $clientId', ({ origin, clientId }) => {
    expect(clientIdOf(origin)).toBe(clientId)
  })

  it.each(frames.frames)('WI8 a frame of type $frame.type has these bytes', ({ frame, bytes }) => {
    const read = decodeFrame(bytesOf(bytes))
    expect(read).toEqual(frame)
    if (read && isWritable(read)) expect(hex(encodeFrame(read))).toBe(bytes)
  })

  it.each(frames.binary)('WI8 $what has these bytes', ({ bytes, field, value, what: _, ...rest }) => {
    const read = decodeFrame(bytesOf(bytes))
    expect(read).toEqual({ ...rest, [field]: bytesOf(value) })
    if (read && isWritable(read)) expect(hex(encodeFrame(read))).toBe(bytes)
  })

  it.each(frames.none)('WI9 bytes that are no frame: $why', ({ bytes }) => {
    expect(decodeFrame(bytesOf(bytes))).toBeUndefined()
  })

  it.each(versionIds)('FH39 the version of these commits is $versionId', ({ commits, versionId }) => {
    expect(versionIdOf(commits.map((commit) => ({ commits: [{ ...commit, epoch: 1 }] })))).toBe(versionId)
  })

  it.each(importIds)(
    'FH40 $type/$id of $source is kept as $importedId',
    ({ source, type, id, importedId: kept }) => {
      expect(importedId(source, type, id)).toBe(kept)
    },
  )
})

function isWritable(frame: Frame): frame is Exclude<Frame, { type: 'unknown' }> {
  return frame.type !== 'unknown'
}
