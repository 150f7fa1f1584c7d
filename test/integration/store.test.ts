import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { storeContract } from '../../sync-server/store/contract.ts'
import { assertDurable, connect, UnfitDatabase } from '../../sync-server/store/database.ts'
import { createLineTable } from '../../sync-server/store/line-table.ts'
import { emptyHead, follows, type Head } from '../../sync-server/store/log-row.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'
import { startPostgres, type TestPostgres, testGroup, testRegion } from '../support/database.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

storeContract('PostgreSQL', async () => {
  const region = await testRegion(await server.fresh())
  const store = await region.open()
  return {
    store,
    homeGroup: testGroup,
    async dispose() {
      await store.close()
      region.remove()
    },
  }
})

describe('the log on PostgreSQL', () => {
  test('ST20 rows of an origin form a chain: sequences without gaps, hashes over what they say', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const chart = createDrafts(testGroup).newPatient()
    await Promise.all(
      [chart.patient, chart.allergy(), chart.allergy()].map((draft) => store.entries.commit([draft])),
    )
    const rows = await createLineTable(store.sql, 'entries').rowsAfter('frankfurt.1', 0, 100)
    let head: Head = emptyHead('entries', 'frankfurt.1')
    for (const row of rows) {
      expect(follows(head, row)).toBe(true)
      expect(follows(head, { ...row, lamport: row.lamport + 1 })).toBe(false)
      expect(follows(head, { ...row, bytes: Buffer.from('other') })).toBe(false)
      head = { seq: row.seq, hash: row.hash }
    }
    expect(rows.map((row) => row.kind)).toEqual(['grant', 'entry', 'entry', 'entry'])
    await store.close()
    region.remove()
  })

  test('ST21 nothing of an entry can be read in the database', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const chart = createDrafts(testGroup).newPatient('Unverwechselbar')
    await store.entries.commit([chart.patient])
    const rows = await store.sql<{ bytes: Uint8Array; clear: string }[]>`
      select bytes, (l.*)::text as clear from log l`
    expect(rows.length).toBe(2)
    for (const { bytes, clear } of rows)
      expect(`${Buffer.from(bytes).toString('latin1')} ${clear}`).not.toContain('Unverwechselbar')
    const [kept] = await store.entries.entriesOf(chart.document)
    expect(JSON.stringify(kept)).toContain('Unverwechselbar')
    await store.close()
    region.remove()
  })

  test('ST60 a snapshot of a note is sealed, and one that was altered is not believed', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const document = 'note/altered'
    const written = new Y.Doc()
    written.getText('text').insert(0, 'Unverwechselbar')
    const update = Y.encodeStateAsUpdate(written)
    const { origin } = await store.notes.append({ document, update, author: 'physician.frankfurt' })
    await store.notes.keepSnapshot(document, new Map([[origin, 1]]), update)
    const [row] = await store.sql<{ bytes: Uint8Array }[]>`select bytes from note_snapshot`
    expect(Buffer.from(row!.bytes).toString('latin1')).not.toContain('Unverwechselbar')
    expect((await store.notes.load(document)).state).toEqual(Buffer.from(update))
    await store.sql`update note_snapshot set covers = ${store.sql.json({ [origin]: 7 })}`
    const stored = await store.notes.load(document)
    expect(stored.state).toBeUndefined()
    expect(stored.updates.map((one) => one.update)).toEqual([Buffer.from(update)])
    await store.close()
    region.remove()
  })

  test('ST22 the log refuses to be changed or deleted, whoever asks', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    await store.entries.commit([createDrafts(testGroup).newPatient().patient])
    for (const statement of [
      'update log set lamport = 7',
      'delete from log',
      'truncate log',
      'truncate note_log',
    ])
      await expect(store.sql.unsafe(statement)).rejects.toThrow('append-only')
    await expect(store.sql`update log set bytes = null where kind = 'grant'`).resolves.toBeDefined()
    await store.close()
    region.remove()
  })

  test('ST23 a database that acknowledges before it flushes is refused, and the setting is named', async () => {
    const url = await server.fresh()
    const sql = connect(url, { max: 1, name: 'test', statementTimeoutMs: 5000 })
    await sql`set synchronous_commit = off`
    await expect(assertDurable(sql)).rejects.toThrow(UnfitDatabase)
    await expect(assertDurable(sql)).rejects.toThrow('synchronous_commit')
    await sql.end()
  })

  test('ST24 a second process of the region stands by until the first is gone', async () => {
    const region = await testRegion(await server.fresh())
    const first = await region.open()
    let second: Awaited<ReturnType<typeof region.open>> | undefined
    const waiting = region.open().then((store) => {
      second = store
    })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(second).toBeUndefined()
    await first.close()
    await waiting
    expect(second?.entries.origin()).toBe('frankfurt.1')
    await second?.close()
    region.remove()
  })

  test('ST25 a writer whose connection is gone takes the pen again and loses and doubles nothing', async () => {
    const url = await server.fresh()
    const region = await testRegion(url)
    const store = await region.open()
    const make = createDrafts(testGroup)
    const admin = postgres(url, { max: 1 })
    const acknowledged: string[] = []
    for (let round = 0; round < 8; round++) {
      const chart = make.newPatient()
      const drafts = [chart.patient, chart.allergy(), chart.allergy()]
      const committing = Promise.all(drafts.map((draft) => store.entries.commit([draft])))
      await admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'meridian writer of entries %'`
      for (const [outcome] of await committing)
        if (outcome?.outcome === 'committed') acknowledged.push(outcome.id)
    }
    await expect
      .poll(async () => (await store.entries.commit([make.newPatient().patient]))[0]?.outcome, {
        timeout: 20_000,
      })
      .toBe('committed')
    const stored = await admin<{ entry_id: string; seq: number }[]>`
      select entry_id, seq::int from log where kind = 'entry' order by seq`
    expect(new Set(stored.map((row) => row.entry_id)).size).toBe(stored.length)
    for (const id of acknowledged) expect(stored.map((row) => row.entry_id)).toContain(id)
    const [chain] = await admin<
      { rows: number; last: number }[]
    >`select count(*)::int as rows, max(seq)::int as last from log`
    expect(chain?.rows).toBe(chain?.last)
    await admin.end()
    await store.close()
    region.remove()
  })

  test('ST39 a process that another one has overtaken writes nothing more, and is told to end', async () => {
    const url = await server.fresh()
    const region = await testRegion(url)
    let overtaken = 0
    const first = await region.open({}, () => {
      overtaken += 1
    })
    const make = createDrafts(testGroup)
    await first.entries.commit([make.newPatient().patient])
    const admin = postgres(url, { max: 1 })
    let second: Awaited<ReturnType<typeof region.open>> | undefined
    const waiting = region.open().then((store) => {
      second = store
    })
    // Both reach for the pens: the one that stood by gets them in the end.
    for (let round = 0; round < 20 && !second; round++) {
      await admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'meridian writer of %'`
      await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 1500))])
    }
    await waiting
    const [written] = await second!.entries.commit([make.newPatient().patient])
    expect(written?.outcome).toBe('committed')
    expect((await first.entries.commit([make.newPatient().patient]))[0]?.outcome).not.toBe('committed')
    await second!.close()
    await expect.poll(() => overtaken, { timeout: 20_000 }).toBeGreaterThan(0)
    expect((await first.entries.commit([make.newPatient().patient]))[0]?.outcome).toBe('unavailable')
    expect(first.health()).toMatchObject({ writes: false })
    await first.close()
    const third = await region.open()
    expect((await third.entries.commit([make.newPatient().patient]))[0]?.outcome).toBe('committed')
    await third.close()
    await admin.end()
    region.remove()
  })

  test('ST26 while PostgreSQL is away the store says so; when it is back it takes writes', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const make = createDrafts(testGroup)
    const before = await store.entries.commit([make.newPatient().patient])
    await server.kill()
    await expect.poll(() => store.health().writes, { timeout: 10_000 }).toBe(false)
    await server.start()
    await expect.poll(() => store.health().writes, { timeout: 20_000 }).toBe(true)
    expect((await store.entries.commit([make.newPatient().patient]))[0]?.outcome).toBe('committed')
    expect(await store.entries.find(before[0]!.id)).toBeDefined()
    await store.close()
    region.remove()
  })

  test('ST27 when too many rows wait, more are turned away at once and nothing of them is stored', async () => {
    const region = await testRegion(await server.fresh(), 2)
    const store = await region.open()
    const chart = createDrafts(testGroup).newPatient()
    const [outcome] = await store.entries.commit([chart.patient, chart.allergy(), chart.allergy()])
    expect(outcome?.outcome).toBe('unavailable')
    expect(await store.vectors()).toEqual({ flushed: {}, servable: {} })
    await store.close()
    region.remove()
  })

  test('ST28 on a full disk nothing is stored, everybody is told why, and it goes on when there is room', async () => {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    const chart = createDrafts(testGroup).newPatient()
    await store.sql.unsafe(`
      create function full_disk() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$;
      create trigger full_disk before insert on log for each statement execute function full_disk()`)
    const [refused] = await store.entries.commit([chart.patient])
    expect(refused).toMatchObject({ outcome: 'unavailable', detail: expect.stringContaining('disk') })
    expect(store.health()).toMatchObject({ writes: false, detail: expect.stringContaining('disk') })
    await store.sql`drop trigger full_disk on log`
    const [stored] = await store.entries.commit([chart.patient])
    expect(stored).toMatchObject({ outcome: 'committed', commit: { origin: 'frankfurt.1', seq: 2 } })
    expect(store.health()).toEqual({ writes: true })
    await store.close()
    region.remove()
  })

  test('ST29 the schema is brought up once; a database with another text of a migration is refused', async () => {
    const region = await testRegion(await server.fresh())
    await (await region.open()).close()
    const store = await region.open()
    const applied = await store.sql<{ name: string }[]>`select name from migration order by name`
    expect(applied.map((row) => row.name)).toEqual(
      readdirSync(join(import.meta.dirname, '../../sync-server/store/migrations')).sort(),
    )
    await store.sql`update migration set checksum = 'other'`
    await store.close()
    await expect(region.open()).rejects.toThrow('0001-log.sql')
    region.remove()
  })
})

describe('restore is an event', () => {
  async function written() {
    const region = await testRegion(await server.fresh())
    const store = await region.open()
    await store.entries.commit([createDrafts(testGroup).newPatient().patient])
    await store.close()
    return region
  }

  test('ST30 a region whose log holds what the witness names goes on under its origin', async () => {
    const region = await written()
    const store = await region.open()
    expect(store.entries.origin()).toBe('frankfurt.1')
    expect(region.warnings).toEqual([])
    await store.close()
    region.remove()
  })

  test('ST31 a database that lacks what was acknowledged begins the next incarnation', async () => {
    const region = await written()
    const store = await region.open({ database: await server.fresh() })
    expect(store.entries.origin()).toBe('frankfurt.2')
    expect(region.warnings).toHaveLength(1)
    await store.close()
    region.remove()
  })

  test('ST32 without a witness the region is in doubt, and a torn slot is not believed', async () => {
    const region = await written()
    writeFileSync(join(region.stateDir, 'witness-entries'), Buffer.alloc(1024, 'x'))
    const store = await region.open()
    expect(store.entries.origin()).toBe('frankfurt.2')
    await store.close()
    region.remove()
  })

  test('ST33 somebody holds more of this region than its own disk: the next incarnation, at once, and writing goes on', async () => {
    const region = await written()
    const store = await region.open()
    await store.heard(
      new Map([
        ['frankfurt.1', 2],
        ['frankfurt.1/notes', 0],
      ]),
    )
    expect(store.entries.origin()).toBe('frankfurt.1')
    await store.heard(new Map([['frankfurt.1', 9]]))
    expect(store.entries.origin()).toBe('frankfurt.2')
    const [outcome] = await store.entries.commit([createDrafts(testGroup).newPatient().patient])
    expect(outcome).toMatchObject({ outcome: 'committed', commit: { origin: 'frankfurt.2' } })
    expect((await store.vectors()).flushed).toEqual({ 'frankfurt.1': 2, 'frankfurt.2': 2 })
    await store.close()
    const again = await region.open()
    expect(again.entries.origin()).toBe('frankfurt.2')
    await again.close()
    region.remove()
  })
})
