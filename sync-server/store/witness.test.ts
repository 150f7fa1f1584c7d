import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openWitness, type Witness } from './witness.ts'

let dir: string
const opened: Witness[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meridian-witness-'))
})
afterEach(async () => {
  for (const witness of opened.splice(0)) await witness.close()
  rmSync(dir, { recursive: true, force: true })
})

const head = (seq: number) => ({ seq, hash: new Uint8Array(32).fill(seq) })
const file = () => join(dir, 'witness-entries')
async function open(): Promise<Witness> {
  const witness = await openWitness(dir, 'entries')
  opened.push(witness)
  return witness
}
const namedIn = async () => (await (await open()).read())?.head.seq

test('ST83 who was stopped before its write and wakes up when another has taken over is told so, and changes nothing', async () => {
  const first = await open()
  for (let seq = 1; seq <= 4; seq++) await first.write('frankfurt.1', head(seq))
  const second = await open()
  expect((await second.read())?.head.seq).toBe(4)
  await second.write('frankfurt.1', head(5))
  const before = readFileSync(file())
  await expect(first.write('frankfurt.2', head(0))).rejects.toThrow('another file')
  expect(readFileSync(file()).equals(before)).toBe(true)
  await second.write('frankfurt.1', head(9))
  expect(await namedIn()).toBe(9)
})

test('ST84 a witness that cannot be written rejects, names what it named, and is made anew when it can', async () => {
  const harms: [() => void, () => void][] = [
    // Removed, moved away, a folder in its place, a file in the place of its folder.
    [() => rmSync(dir, { recursive: true }), () => {}],
    [() => renameSync(dir, `${dir}.away`), () => rmSync(`${dir}.away`, { recursive: true })],
    [
      () => {
        rmSync(file())
        mkdirSync(join(file(), 'in-the-way'), { recursive: true })
      },
      () => rmSync(file(), { recursive: true }),
    ],
    [
      () => {
        rmSync(dir, { recursive: true })
        writeFileSync(dir, '')
      },
      () => rmSync(dir),
    ],
  ]
  for (const [harm, mend] of harms) {
    const witness = await open()
    await witness.write('frankfurt.1', head(1))
    harm()
    await expect(witness.write('frankfurt.1', head(2))).rejects.toThrow()
    mend()
    await witness.write('frankfurt.1', head(2))
    await witness.write('frankfurt.1', head(3))
    expect(await namedIn()).toBe(3)
    expect(readdirSync(dir)).toEqual(['witness-entries'])
  }
})

test('ST84 what a process that was killed left beside its witness is cleared away', async () => {
  writeFileSync(join(dir, 'witness-entries.0a1b2c3d4e5f'), 'half')
  writeFileSync(join(dir, 'witness-notes'), 'other')
  await (await open()).write('frankfurt.1', head(1))
  expect(readdirSync(dir).sort()).toEqual(['witness-entries', 'witness-notes'])
})

test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'ST84 on a full disk the witness rejects, and on one with room again it is written',
  async () => {
    const mount = (...args: string[]) => spawnSync('mount', args).status === 0
    if (!mount('-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', dir)) {
      console.log('ST84 left out: no file system can be mounted here')
      return
    }
    try {
      const filler = join(dir, 'filler')
      const fill = () => spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k', 'count=64'])
      fill()
      const witness = await open()
      await expect(witness.write('frankfurt.1', head(1))).rejects.toMatchObject({ code: 'ENOSPC' })
      await expect(witness.write('frankfurt.1', head(1))).rejects.toMatchObject({ code: 'ENOSPC' })
      expect(readdirSync(dir)).toEqual(['filler'])
      rmSync(filler)
      await witness.write('frankfurt.1', head(2))
      fill()
      // What is written in its place needs no room.
      await witness.write('frankfurt.1', head(3))
      expect(await namedIn()).toBe(3)
      await witness.close()
    } finally {
      for (const witness of opened.splice(0)) await witness.close()
      spawnSync('umount', [dir])
    }
  },
)
