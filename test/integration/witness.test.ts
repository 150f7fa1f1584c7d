import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FlushedEntry } from '../../sync-server/store/ports.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'
import { startPostgres, type TestPostgres, testGroup, testRegion } from '../support/database.ts'

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server?.stop())

test('ST89 a region whose state folder cannot be written acknowledges nothing and says so, until it can', async () => {
  const region = await testRegion(await server.fresh())
  const store = await region.open()
  const make = createDrafts(testGroup)
  expect((await store.entries.commit([make.newPatient().patient]))[0]?.outcome).toBe('committed')
  const heard: FlushedEntry[] = []
  store.entries.onFlushed((entries) => void heard.push(...entries))
  const aside = `${region.stateDir}.aside`
  renameSync(region.stateDir, aside)
  writeFileSync(region.stateDir, 'no folder')

  const draft = make.newPatient().patient
  const [outcome] = await store.entries.commit([draft])
  expect(outcome).toMatchObject({ outcome: 'indeterminate', detail: expect.stringContaining('state folder') })
  expect(store.health()).toMatchObject({ writes: false, detail: expect.stringContaining('witness') })
  expect((await store.entries.commit([make.newPatient().patient]))[0]?.outcome).toBe('unavailable')
  await expect(
    store.notes.append({ document: make.newNote(), update: new Uint8Array([0, 0]), author: 'somebody' }),
  ).rejects.toThrow('state folder')
  expect(heard).toEqual([])
  expect((await store.vectors()).flushed['frankfurt.1']).toBe(2)

  rmSync(region.stateDir)
  renameSync(aside, region.stateDir)
  await expect.poll(() => store.health(), { timeout: 10_000 }).toEqual({ writes: true })
  expect(heard.map(({ id }) => id)).toEqual([draft.id])
  expect((await store.entries.commit([draft]))[0]?.outcome).toBe('committed')
  expect((await store.entries.find(draft.id))?.commits).toHaveLength(1)
  await store.close()
  renameSync(region.stateDir, aside)
  writeFileSync(region.stateDir, 'no folder')
  await expect(region.open()).rejects.toThrow('state folder is no folder')
  rmSync(region.stateDir)
  renameSync(aside, region.stateDir)
  const again = await region.open()
  expect(again.entries.origin()).toBe('frankfurt.1')
  await again.close()
  region.remove()
})

test('ST89 a state folder that was removed is made again, and the origin goes on', async () => {
  const region = await testRegion(await server.fresh())
  const store = await region.open()
  const make = createDrafts(testGroup)
  rmSync(region.stateDir, { recursive: true })
  for (let i = 0; i < 3; i++) {
    expect((await store.entries.commit([make.newPatient().patient]))[0]?.outcome).toBe('committed')
    await store.notes.append({ document: make.newNote(), update: new Uint8Array([0, 0]), author: 'somebody' })
  }
  await store.close()
  const again = await region.open()
  expect(again.entries.origin()).toBe('frankfurt.1')
  expect(region.warnings.some((text) => text.includes('is gone'))).toBe(true)
  await again.close()
  region.remove()
})
