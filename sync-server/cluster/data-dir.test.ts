import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { indexOf, openDataDir } from './data-dir.ts'

let temp = ''
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'meridian-data-dir-'))
})
afterEach(() => rmSync(temp, { recursive: true, force: true }))

test('CL7 a folder that is in use is refused and names who has it', () => {
  const dir = openDataDir(join(temp, 'a'))
  expect(() => openDataDir(join(temp, 'a'))).toThrow(`in use by another cluster (pid ${process.pid})`)
  dir.release()
  openDataDir(join(temp, 'a')).release()
})

test('CL7 the lock of a process that is gone, or of a copied folder, does not hold', () => {
  const gone = spawnSync('true').pid
  writeFileSync(join(temp, 'lock'), JSON.stringify({ pid: gone, startedAt: 'then', folder: temp }))
  openDataDir(temp).release()
  writeFileSync(join(temp, 'lock'), JSON.stringify({ pid: process.pid, startedAt: 'then', folder: temp }))
  openDataDir(temp).release()
  const original = openDataDir(join(temp, 'original'))
  cpSync(original.path, join(temp, 'copy'), { recursive: true })
  openDataDir(join(temp, 'copy')).release()
  original.release()
})

test('CL8 a region keeps its index when the list of regions changes', () => {
  const dir = openDataDir(temp)
  expect(['a', 'b', 'c'].map((region) => indexOf(dir.record, region))).toEqual([0, 1, 2])
  dir.save()
  dir.release()
  const again = openDataDir(temp)
  expect(['c', 'new', 'a'].map((region) => indexOf(again.record, region))).toEqual([2, 3, 0])
  for (let i = 4; i < 10; i++) indexOf(again.record, `r${i}`)
  expect(() => indexOf(again.record, 'eleventh')).toThrow('at most 10 regions')
  again.release()
})

test('CL9 a start that is undone leaves nothing, and nothing of others goes', () => {
  const made = openDataDir(join(temp, 'x/y'))
  indexOf(made.record, 'a')
  made.save()
  mkdirSync(made.folderOf('a').path)
  made.undo()
  expect(readdirSync(temp)).toEqual([])

  const given = openDataDir(temp)
  given.save()
  given.undo()
  expect(readdirSync(temp)).toEqual([])

  const first = openDataDir(temp)
  first.save()
  first.release()
  openDataDir(temp).undo()
  expect(existsSync(join(temp, 'cluster.json'))).toBe(true)
})

test('CL10 a damaged folder is refused with what is wrong', () => {
  writeFileSync(join(temp, 'cluster.json'), '{"version":1')
  expect(() => openDataDir(temp)).toThrow('is damaged')
  writeFileSync(join(temp, 'cluster.json'), '{"version":2,"more":[]}')
  expect(() => openDataDir(temp)).toThrow('newer Meridian')
  writeFileSync(
    join(temp, 'cluster.json'),
    '{"version":1,"samples":{},"regions":{"a":{"index":0,"initialised":true}}}',
  )
  expect(() => openDataDir(temp)).toThrow(/is damaged: .*database-password is missing or empty of region a/)
  rmSync(join(temp, 'cluster.json'))
  writeFileSync(join(temp, 'thesis.txt'), 'words')
  expect(() => openDataDir(temp)).toThrow('holds thesis.txt')
  expect(readdirSync(temp)).toEqual(['thesis.txt'])
})

test('CL10 what is no folder, or takes no folder, is refused', () => {
  writeFileSync(join(temp, 'file'), '')
  expect(() => openDataDir(join(temp, 'file'))).toThrow('no folder')
  expect(() => openDataDir(join(temp, 'file/below'))).toThrow('no folder')
  if (process.platform === 'linux') expect(() => openDataDir('/proc/nothing/here')).toThrow('not writable')
})
