import { setPersistence } from '@y/websocket-server/utils'
import { LeveldbPersistence } from 'y-leveldb'
import { applyUpdate, encodeStateAsUpdate } from 'yjs'

/**
 * `HOST=… PORT=… node server.mjs FOLDER`: `@y/websocket-server` as its own command starts it, with y-leveldb as its
 * persistence, tied to it as the server of y-websocket 1 and 2 did. What it depends on is pinned to what was there
 * when it was made: with later prereleases it falls over at the first update.
 */
const leveldb = new LeveldbPersistence(process.argv[2])

setPersistence({
  provider: leveldb,
  async bindState(name, doc) {
    const stored = await leveldb.getYDoc(name)
    leveldb.storeUpdate(name, encodeStateAsUpdate(doc))
    applyUpdate(doc, encodeStateAsUpdate(stored))
    doc.on('update', (update) => leveldb.storeUpdate(name, update))
  },
  writeState: async () => undefined,
})

await import('@y/websocket-server/server')
