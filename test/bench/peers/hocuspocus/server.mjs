import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Database } from '@hocuspocus/extension-database'
import { Server } from '@hocuspocus/server'

/**
 * `HOST=… PORT=… node server.mjs FOLDER`: `@hocuspocus/server` with its own defaults. It stores as its SQLite extension
 * does, by the same statements, but with Node's SQLite: the native module of the extension is not to be had everywhere.
 */
const db = new DatabaseSync(join(process.argv[2], 'hocuspocus.sqlite'))
db.exec('create table if not exists documents (name varchar(255) not null, data blob not null, unique(name))')
const select = db.prepare('select data from documents where name = $name order by rowid desc')
const upsert = db.prepare(
  'insert into documents (name, data) values ($name, $data) on conflict(name) do update set data = $data',
)

const server = new Server({
  address: process.env.HOST,
  port: Number(process.env.PORT),
  quiet: true,
  extensions: [
    new Database({
      fetch: async ({ documentName }) => select.get({ name: documentName })?.data ?? null,
      store: async ({ documentName, state }) => void upsert.run({ name: documentName, data: state }),
    }),
  ],
})
await server.listen()
