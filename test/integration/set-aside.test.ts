import { afterAll, beforeAll, expect, test } from 'vitest'
import { chain, emptyHead, type Head, type LogRow } from '../../sync-server/store/log-row.ts'
import type { PostgresRegionStore } from '../../sync-server/store/region-store.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'
import { startPostgres, type TestPostgres, testGroup, testRegion } from '../support/database.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

/** Rows of London, made elsewhere: this region cannot open them. */
function londons(count: number, after: Head = emptyHead('entries', 'london.1'), mark = ''): LogRow[] {
  const rows: LogRow[] = []
  let head = after
  for (let i = 0; i < count; i++) {
    const clear = {
      document: 'chart/x',
      subject: 'Patient/x',
      homeGroup: testGroup,
      author: 'a',
      lamport: 1,
      epoch: 1,
    }
    const row = chain(head, {
      ...clear,
      origin: 'london.1',
      seq: head.seq + 1,
      kind: 'entry',
      clock: head.seq,
      entryId: `e${head.seq}${mark}`,
      keyId: 'k',
      bytes: Buffer.from(`bytes ${head.seq}${mark}`),
    })
    rows.push(row)
    head = row
  }
  return rows
}

const rowsOf = async (store: PostgresRegionStore, table = 'log') =>
  (
    await store.sql<
      { seq: number }[]
    >`select seq::int from ${store.sql(table)} where origin = 'london.1' order by seq`
  ).map(({ seq }) => seq)

test('ST44 rows leave the log only behind an end that it names itself, with their copy set aside, and for nobody else', async () => {
  const region = await testRegion(await server.fresh())
  const store = await region.open()
  const { sql } = store
  expect(await store.logs.entries.take('london.1', londons(6))).toEqual({ outcome: 'taken', rows: 6 })
  const remove = (setting: string, where = 'seq > 4') =>
    sql.begin(async (tx) => {
      await tx`select set_config('meridian.set_aside', ${setting}, true)`
      await tx.unsafe(`delete from log where origin = 'london.1' and ${where}`)
    })
  const setAside = `insert into log_set_aside (source, origin, seq, kind, document, clock, subject, entry_id, home_group,
    author, lamport, epoch, key_id, digest, bytes, hash, carried)
    select 'log', origin, seq, kind, document, clock, subject, entry_id, home_group, author, lamport, epoch, key_id,
      digest, bytes, hash, false from log where origin = 'london.1' and seq > 4`
  await expect(remove('london.1')).rejects.toThrow('append-only')
  await sql.unsafe(setAside)
  await expect(remove('london.1')).rejects.toThrow('append-only')
  // The region ends the origin: it is its own code that sets the rows aside now.
  await sql`truncate log_set_aside`
  expect(await store.logs.entries.ends.end('london.1', 4)).toBe(true)
  await expect.poll(() => rowsOf(store), { timeout: 10_000 }).toEqual([1, 2, 3, 4])
  expect(await rowsOf(store, 'log_set_aside')).toEqual([5, 6])
  await expect(remove('london.1', 'seq > 3')).rejects.toThrow('append-only')
  await expect(remove('', 'seq > 3')).rejects.toThrow('append-only')
  await expect(sql`delete from log where origin = 'frankfurt.1'`).rejects.toThrow('append-only')
  await store.close()
  region.remove()
})

test('ST45 what is behind an end is not taken, is told as set aside and waiting for its key, and stays so after a restart', async () => {
  const region = await testRegion(await server.fresh())
  let store = await region.open()
  const first = londons(3)
  await store.logs.entries.take('london.1', first)
  await store.logs.entries.ends.end('london.1', 3)
  const more = londons(2, first[2])
  expect(await store.logs.entries.take('london.1', more)).toEqual({ outcome: 'taken', rows: 0 })
  expect(await rowsOf(store)).toEqual([1, 2, 3])
  // Another region has found that the histories part earlier.
  await store.logs.entries.ends.end('london.1', 1)
  await expect.poll(() => rowsOf(store), { timeout: 10_000 }).toEqual([1])
  const state = { last: 1, settling: false, setAside: 2, waiting: 2 }
  await expect.poll(() => store.logs.entries.ends.state().get('london.1'), { timeout: 10_000 }).toEqual(state)
  expect((await store.vectors()).flushed['london.1']).toBe(1)
  await store.close()
  store = await region.open()
  expect(store.logs.entries.ends.state().get('london.1')).toEqual(state)
  expect(
    await store.logs.entries.take('london.1', londons(3, emptyHead('entries', 'london.1')).slice(1)),
  ).toEqual({
    outcome: 'taken',
    rows: 0,
  })
  await store.close()
  region.remove()
})

test('ST46 an entry behind an end is no commit: who proposes it again gets a new one', async () => {
  const region = await testRegion(await server.fresh())
  const store = await region.open()
  const chart = createDrafts(testGroup).newPatient()
  const [patient] = await store.entries.commit([chart.patient])
  expect(patient).toMatchObject({ outcome: 'committed', commit: { origin: 'frankfurt.1' } })
  const { ends, writer } = store.logs.entries
  expect(await ends.end('frankfurt.1', 0)).toBe(true)
  expect(writer.origin()).toBe('frankfurt.2')
  await expect.poll(() => ends.state().get('frankfurt.1')?.settling, { timeout: 10_000 }).toBe(false)
  const [again] = await store.entries.commit([chart.patient])
  expect(again).toMatchObject({ outcome: 'committed', commit: { origin: 'frankfurt.2' } })
  const found = await store.entries.find(chart.patient.id)
  expect(found?.commits.map(({ origin }) => origin)).toEqual(['frankfurt.2'])
  expect(store.patients.get(chart.id)).toBeDefined()
  expect((await store.vectors()).flushed['frankfurt.1']).toBeUndefined()
  await store.close()
  const next = await region.open()
  expect(next.entries.origin()).toBe('frankfurt.2')
  await next.close()
  region.remove()
})

test('ST47 rows go through the driver as they are: texts that look like arrays, no bytes, all kinds', async () => {
  const region = await testRegion(await server.fresh())
  const store = await region.open()
  const odd = ['{"a","b"}', 'NULL', '', '\\', '"', 'ä,ö', "it's", '\u2028', ' x ', 'a\nb']
  let head = emptyHead('entries', 'london.1')
  const rows = odd.map((text, i) => {
    const row = chain(head, {
      origin: 'london.1',
      seq: i + 1,
      kind: i % 2 ? 'grant' : 'of tomorrow',
      document: text,
      clock: -1,
      subject: text,
      entryId: text,
      homeGroup: text,
      author: text,
      lamport: 2 ** 52,
      epoch: 3,
      keyId: text,
      bytes: Buffer.from(text),
    })
    head = row
    return i === 3 ? { ...row, bytes: null } : row
  })
  await store.tables.entries.append(rows)
  const back = await store.tables.entries.rowsAfter('london.1', 0, 100)
  const plain = (list: readonly LogRow[]) =>
    list.map((row) => ({
      ...row,
      digest: Buffer.from(row.digest).toString('hex'),
      hash: Buffer.from(row.hash).toString('hex'),
      bytes: row.bytes && Buffer.from(row.bytes).toString('hex'),
    }))
  expect(plain(back)).toEqual(plain(rows))
  await store.close()
  region.remove()
})
