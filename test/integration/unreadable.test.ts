import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chartOf } from '../../domain/documents/document-name.ts'
import { createKeyring, patientScope } from '../../sync-server/keys/keyring.ts'
import { seal } from '../../sync-server/keys/sealing.ts'
import { createLineTable } from '../../sync-server/store/line-table.ts'
import { chain, emptyHead, type Head, type LogRow, type RowKind } from '../../sync-server/store/log-row.ts'
import type { FlushedEntry } from '../../sync-server/store/ports.ts'
import type { PostgresRegionStore } from '../../sync-server/store/region-store.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'
import { startPostgres, type TestPostgres, testGroup, testRegion } from '../support/database.ts'

/** What cannot be read: because it was erased, or because it is damaged. */
let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

type Grant = { origin: string; seq: number; document: string; bytes: Uint8Array | null }
const grantsOf = (store: PostgresRegionStore) =>
  store.sql<Grant[]>`select origin, seq, document, bytes from log where kind = 'grant' order by origin, seq`

/** Rows of another region, as it would send them. */
function otherRegion(origin: string) {
  let head: Head = emptyHead('entries', origin)
  return (kind: RowKind, document: string, keyId: string, bytes: Uint8Array, subject = ''): LogRow => {
    const none = { clock: kind === 'entry' ? head.seq : -1, entryId: '', author: '', lamport: 0, epoch: 1 }
    const row = chain(head, {
      ...none,
      origin,
      seq: head.seq + 1,
      kind,
      document,
      keyId,
      bytes,
      subject,
      homeGroup: testGroup,
    })
    head = { seq: row.seq, hash: row.hash }
    return row
  }
}

describe('erasure on PostgreSQL', () => {
  test('ER5 with the tombstone every grant of the patient is emptied, whoever made it, and each that comes later', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const make = createDrafts(testGroup)
    const [chart, other] = [make.newPatient('Unverwechselbar'), make.newPatient()]
    await store.entries.commit([chart.patient, other.patient])
    const scope = patientScope(chart.id)
    const maker = createKeyring(region.wrapping)
    const [early, late] = [await maker.make(scope, ['frankfurt']), await maker.make(scope, ['frankfurt'])]
    const [london, nairobi] = [otherRegion('london.1'), otherRegion('nairobi.1')]
    const place = { origin: 'london.1', document: chart.document, entryId: '' }
    await store.logs.entries.take('london.1', [
      london('grant', scope, early.keyId, early.wrapped, 'frankfurt'),
      london('entry', chart.document, early.keyId, seal(early.key, place, Buffer.from('{}'))),
    ])
    expect((await grantsOf(store)).every(({ bytes }) => bytes !== null)).toBe(true)

    await store.erased.erase({
      patientId: chart.id,
      reason: 'Unverwechselbar asked for it',
      author: 'operator',
    })
    await store.logs.entries.take('nairobi.1', [
      nairobi('grant', scope, late.keyId, late.wrapped, 'frankfurt'),
      nairobi('entry', chart.document, late.keyId, seal(late.key, place, Buffer.from('{}'))),
    ])
    const grants = await grantsOf(store)
    const emptied = grants.filter(({ bytes }) => bytes === null)
    expect(emptied.map(({ origin }) => origin)).toEqual(['frankfurt.1', 'london.1', 'nairobi.1'])
    expect(new Set(emptied.map(({ document }) => document))).toEqual(new Set([scope]))
    expect(grants.filter(({ bytes }) => bytes !== null).map(({ document }) => document)).toEqual([
      patientScope(other.id),
      `group/${testGroup}`,
    ])
    const { servable, flushed } = await store.vectors()
    expect(servable).toEqual(flushed)
    const [row] = await store.sql<{ bytes: Uint8Array }[]>`select bytes from log where kind = 'tombstone'`
    expect(Buffer.from(row!.bytes).toString('latin1')).not.toContain('Unverwechselbar')
    expect(JSON.stringify(region.warnings)).not.toContain(chart.id)
    await store.close()
    region.remove()
  })

  test('ER6 who was erased stays erased after a restart, with the time at which it was asked for', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const chart = createDrafts(testGroup).newPatient()
    await store.entries.commit([chart.patient, chart.allergy()])
    await store.erased.erase({ patientId: chart.id, reason: 'asked for', author: 'operator' })
    const before = await store.erased.find(chart.id)
    await store.close()
    const again = await region.open()
    expect(again.erased.has(chart.id)).toBe(true)
    expect(again.patients.get(chart.id)).toBeUndefined()
    expect(await again.entries.entriesOf(chart.document)).toEqual([])
    expect(await again.erased.find(chart.id)).toEqual(before)
    expect((await again.entries.commit([chart.allergy()]))[0]?.outcome).toBe('erased')
    expect(await again.vectors()).toMatchObject({
      servable: { 'frankfurt.1': 5 },
      flushed: { 'frankfurt.1': 5 },
    })
    await again.close()
    region.remove()
  })

  test('ER7 a grant and the tombstone of its scope, stored at one moment by two connections: no key is left', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const url = region.url
    for (const first of ['grant', 'tombstone'] as const) {
      const [a, b] = [postgres(url, { max: 1 }), postgres(url, { max: 1 })]
      const scope = `patient/${first}`
      const insert = (sql: postgres.TransactionSql, kind: string) => sql`
        insert into log values (${`${kind}.${first === 'grant' ? 1 : 2}`}, 1, ${kind}, ${scope}, -1, 'frankfurt', '', 'g', '', 0, 1, 'k',
          ${Buffer.alloc(32)}, ${Buffer.from('wrapped')}, ${Buffer.alloc(32)})`
      let commit = () => {}
      const open = new Promise<void>((resolve) => {
        commit = resolve
      })
      let began = () => {}
      const stored = new Promise<void>((resolve) => {
        began = resolve
      })
      const slow = a.begin(async (sql) => {
        await insert(sql, first)
        began()
        await open
      })
      await stored
      const quick = b.begin((sql) => insert(sql, first === 'grant' ? 'tombstone' : 'grant'))
      await new Promise((resolve) => setTimeout(resolve, 200))
      commit()
      await Promise.all([slow, quick])
      const rows = await store.sql<{ bytes: Uint8Array | null }[]>`
        select bytes from log where kind = 'grant' and document = ${scope}`
      expect(rows.map(({ bytes }) => bytes)).toEqual([null])
      await Promise.all([a.end(), b.end()])
    }
    await store.close()
    region.remove()
  })

  test('ER8 what an earlier version took in without carrying it out is carried out when the schema is brought up', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const chart = createDrafts(testGroup).newPatient()
    await store.entries.commit([chart.patient])
    await store.sql.unsafe(`
      drop trigger destroy_keys on log; drop function destroy_keys; drop table quarantine; drop index log_scope;
      delete from migration where name = '0002-erasure.sql'`)
    const london = otherRegion('london.1')
    await store.logs.entries.take('london.1', [
      london('tombstone', patientScope(chart.id), 'k', Buffer.from('sealed')),
    ])
    expect((await grantsOf(store))[0]?.bytes).not.toBeNull()
    await store.close()
    const again = await region.open()
    expect((await grantsOf(again))[0]?.bytes).toBeNull()
    expect(again.erased.has(chart.id)).toBe(true)
    await again.close()
    region.remove()
  })

  test('ER9 the old versions of emptied grants are given up soon, outside of every transaction', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const chart = createDrafts(testGroup).newPatient()
    await store.entries.commit([chart.patient])
    await store.erased.erase({ patientId: chart.id, reason: 'asked for', author: 'operator' })
    const vacuumed = async () => {
      const [row] = await store.sql<{ last: Date | null }[]>`
        select last_vacuum as last from pg_stat_user_tables where relname = 'log'`
      return row?.last ?? null
    }
    await expect.poll(vacuumed, { timeout: 20_000 }).not.toBeNull()
    await store.close()
    region.remove()
  })
})

describe('quarantine on PostgreSQL', () => {
  /** Changes a row behind the log's back, as a disk does that rots. */
  async function change(store: PostgresRegionStore, seq: number, bytes: Uint8Array): Promise<void> {
    await store.sql.unsafe('alter table log disable trigger keep_log')
    await store.sql`update log set bytes = ${Buffer.from(bytes)} where origin = 'frankfurt.1' and seq = ${seq}`
    await store.sql.unsafe('alter table log enable trigger keep_log')
  }

  async function damaged() {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const chart = createDrafts(testGroup).newPatient()
    const drafts = [chart.patient, chart.allergy(), chart.allergy(), chart.allergy()]
    await store.entries.commit(drafts)
    const row = (await createLineTable(store.sql, 'entries').rowsAfter('frankfurt.1', 3, 1))[0]!
    const altered = Uint8Array.from(row.bytes!)
    altered[20]! ^= 1
    await change(store, row.seq, altered)
    return { region, store, chart, drafts, row }
  }

  test('QU5 a document with a row that does not open goes on taking writes, shows what can be shown, and says so', async () => {
    const { region, store, chart, drafts, row } = await damaged()
    const shown = await store.entries.entriesOf(chart.document)
    expect(shown.map((e) => e.id)).toEqual([drafts[0]!.id, drafts[1]!.id, drafts[3]!.id])
    const live = await store.entries.itemsOf(chart.document)
    expect(live.map((item) => item.clock)).toEqual([0, 1])
    expect(store.quarantine.documents()).toEqual([
      {
        document: chart.document,
        rows: [{ origin: 'frankfurt.1', seq: row.seq, reason: 'unreadable', since: expect.any(String) }],
      },
    ])
    const more = chart.allergy()
    expect((await store.entries.commit([more]))[0]?.outcome).toBe('committed')
    expect((await store.entries.entriesOf(chart.document)).map((e) => e.id)).toContain(more.id)
    const { servable, flushed } = await store.vectors()
    expect(servable).toEqual(flushed)
    const told = region.warnings.filter((text) => text.includes('quarantine'))
    expect(told).toHaveLength(1)
    await store.close()
    region.remove()
  })

  test('QU6 it is remembered over a restart, and leaves by itself when the row can be read; readers are told the row', async () => {
    const { region, store, chart, drafts, row } = await damaged()
    await store.entries.itemsOf(chart.document)
    await expect.poll(() => store.sql`select from quarantine`.then((rows) => rows.length)).toBe(1)
    await store.close()
    const again = await region.open()
    expect(again.quarantine.size()).toBe(1)
    const heard: FlushedEntry[] = []
    again.entries.onFlushed((entries) => void heard.push(...entries))
    await change(again, row.seq, row.bytes!)
    expect(await again.entries.itemsOf(chart.document)).toHaveLength(4)
    expect(again.quarantine.size()).toBe(0)
    expect(again.quarantine.hadGap(chart.document)).toBe(true)
    expect(heard.map((entry) => entry.entry)).toEqual([drafts[2]!.entry])
    await expect
      .poll(() => again.sql`select from quarantine where returned is null`.then((rows) => rows.length))
      .toBe(0)
    await again.close()
    region.remove()
  })

  test('QU7 a restart looks again at what was in quarantine', async () => {
    const { region, store, chart, row } = await damaged()
    await store.entries.itemsOf(chart.document)
    await expect.poll(() => store.sql`select from quarantine`.then((rows) => rows.length)).toBe(1)
    await change(store, row.seq, row.bytes!)
    await store.close()
    const again = await region.open()
    await expect.poll(() => again.quarantine.size()).toBe(0)
    await again.close()
    region.remove()
  })

  test('QU8 rows under a key that was granted wrongly return when it is granted again', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const chart = createDrafts(testGroup).newPatient()
    await store.entries.commit([chart.patient])
    const [grant] = await createLineTable(store.sql, 'entries').rowsAfter('frankfurt.1', 0, 1)
    const wrong = await createKeyring(region.wrapping).make(grant!.document, ['frankfurt'])
    await change(store, grant!.seq, wrong.wrapped)
    await store.close()
    const again = await region.open()
    await expect.poll(() => again.quarantine.size()).toBe(1)
    expect(again.patients.get(chart.id)).toBeUndefined()
    await again.logs.entries.writer.state([{ ...grant!, kind: 'grant', bytes: grant!.bytes! }])
    await expect.poll(() => again.quarantine.size()).toBe(0)
    expect(again.patients.get(chart.id)).toBeDefined()
    expect(await again.entries.itemsOf(chart.document)).toHaveLength(1)
    await again.close()
    region.remove()
  })

  test('QU9 a row that holds another entry than it is named after is damaged', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const heard: FlushedEntry[] = []
    store.entries.onFlushed((entries) => void heard.push(...entries))
    const document = chartOf('p')
    const none = { document, subject: 'Patient/p', homeGroup: testGroup, author: '', lamport: 1 }
    await store.logs.entries.writer.append([
      { ...none, entryId: 'A'.repeat(43), plain: Buffer.from('{"no":"entry"}') },
    ])
    expect(heard).toEqual([])
    expect(await store.entries.entriesOf(document)).toEqual([])
    expect(store.quarantine.documents()[0]?.rows).toMatchObject([{ reason: 'other-content' }])
    const { servable, flushed } = await store.vectors()
    expect(servable).toEqual(flushed)
    await store.close()
    region.remove()
  })
})
