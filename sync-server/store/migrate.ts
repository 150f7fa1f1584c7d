import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { type Sql, UnfitDatabase } from './database.ts'

const folder = new URL('./migrations/', import.meta.url)
/** Any number that no other use of advisory locks has: "migrate" of Meridian. */
const migrationLock = 774_411_001

/**
 * Brings the schema up to this server's version, one additive SQL file after the other, each in a transaction.
 * A database that is newer than the server is left as it is: additive means that it can still be used.
 */
export async function migrate(sql: Sql): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${migrationLock})`
    await tx`create table if not exists migration (
      name text primary key, checksum text not null, applied_at timestamptz not null default now())`
    const applied = new Map(
      (await tx<{ name: string; checksum: string }[]>`select name, checksum from migration`).map((row) => [
        row.name,
        row.checksum,
      ]),
    )
    for (const name of migrations()) {
      const text = readFileSync(new URL(name, folder), 'utf8')
      const checksum = createHash('sha256').update(text).digest('hex')
      const known = applied.get(name)
      if (known === undefined) {
        await tx.unsafe(text)
        await tx`insert into migration (name, checksum) values (${name}, ${checksum})`
      } else if (known !== checksum)
        throw new UnfitDatabase(
          `migration ${name} was applied with another text: this server and the database do not fit`,
        )
    }
  })
}

function migrations(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
}
