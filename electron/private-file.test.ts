import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parsePdfRequest, problemOf } from './pdf-request.ts'
import { writePrivateFile } from './private-file.ts'

describe('a file of patients’ data', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'meridian-private-file-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it.skipIf(process.platform === 'win32')(
    'EL32 is for its owner only, also in the place of one that everybody could read',
    async () => {
      const path = join(folder, 'pack.pdf')
      await writeFile(path, 'old', { mode: 0o666 })
      await writePrivateFile(path, Buffer.from('new'))
      expect(await readFile(path, 'utf8')).toBe('new')
      expect((await stat(path)).mode & 0o777).toBe(0o600)
      expect(await readdir(folder)).toEqual(['pack.pdf'])
    },
  )

  it('EL32 is whole or not there, and nothing that was begun is left behind', async () => {
    const taken = join(folder, 'taken.pdf')
    await mkdir(join(taken, 'inside'), { recursive: true })
    await expect(writePrivateFile(taken, Buffer.from('x'))).rejects.toThrow()
    await expect(writePrivateFile(join(folder, 'gone', 'a.pdf'), Buffer.from('x'))).rejects.toMatchObject({
      code: 'ENOENT',
    })
    expect(await readdir(folder)).toEqual(['taken.pdf'])
  })

  it('EL33 a page can ask for a suggested name of one form only, and for paper that there is', () => {
    const name = 'meridian-downtime-2026-11-24-0312.pdf'
    expect(parsePdfRequest({ name, paper: 'A4' })).toEqual({ name, paper: 'A4' })
    for (const value of [
      null,
      name,
      { name },
      { name, paper: 'A3' },
      { name: `../${name}`, paper: 'A4' },
      { name: 'SMITH.pdf', paper: 'A4' },
      { name: `${name}\n`, paper: 'A4' },
    ])
      expect(parsePdfRequest(value)).toBeNull()
  })

  it('EL33 a failure of the disk is told by what one can do about it', () => {
    expect(['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'ENOENT', 'EIO'].map(problemOf)).toEqual([
      'no-room',
      'no-room',
      'not-allowed',
      'not-allowed',
      'no-place',
      'other',
    ])
  })
})
