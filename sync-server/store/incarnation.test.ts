import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decideOrigin, nextOrigin } from './incarnation.ts'
import { emptyHead } from './log-row.ts'
import { openWitness, provisionWitnesses } from './witness.ts'

const hash = (n: number) => new Uint8Array(32).fill(n)
const line = (origin: string, seq: number, witnessed: number, inLog: number | undefined) => ({
  witnessed: { origin, head: { seq, hash: hash(witnessed) } },
  hashInLog: inLog === undefined ? undefined : hash(inLog),
  ended: false,
})
const unknown = { witnessed: undefined, hashInLog: undefined, ended: false }

describe('under which origin a region goes on', () => {
  const decide = (evidence: Parameters<typeof decideOrigin>[1], known: string[] = []) =>
    decideOrigin('frankfurt', evidence, known, 777).origin

  test('ST34 it continues only if every line holds the row that its witness names', () => {
    expect(decide([line('frankfurt.1', 5, 1, 1), line('frankfurt.1', 0, 2, 2)])).toBe('frankfurt.1')
    expect(decide([line('frankfurt.1', 5, 1, undefined), line('frankfurt.1', 0, 2, 2)])).toBe('frankfurt.2')
    expect(decide([line('frankfurt.1', 5, 1, 1), line('frankfurt.1', 3, 2, 9)])).toBe('frankfurt.2')
    expect(decide([line('frankfurt.1', 5, 1, 1), unknown])).toBe('frankfurt.2')
    expect(decide([line('frankfurt.1', 5, 1, 1), line('frankfurt.2', 5, 1, 1)])).toBe('frankfurt.3')
  })

  test('ST43 it leaves an origin that its own log says has ended, or has a later incarnation of', () => {
    const ended = { ...line('frankfurt.1', 5, 1, 1), ended: true }
    const other = line('frankfurt.1', 0, 2, 2)
    expect(decide([ended, other], ['frankfurt.1'])).toBe('frankfurt.2')
    expect(decide([ended, other], ['frankfurt.2'])).toBe('frankfurt.3')
    // A state folder that was put back alone: the log itself has gone on.
    expect(decide([line('frankfurt.1', 5, 1, 1), other], ['frankfurt.1', 'frankfurt.2'])).toBe('frankfurt.3')
  })

  test('ST35 the next incarnation lies above every one that anybody has named', () => {
    expect(decide([unknown, unknown], ['frankfurt.4', 'london.9', 'frankfurt.3'])).toBe('frankfurt.5')
    expect(nextOrigin('frankfurt', ['frankfurt.10', 'frankfurt.9'])).toBe('frankfurt.11')
  })

  test('ST36 a region of which nothing at all is known does not take a number that it may have had', () => {
    expect(decide([unknown, unknown])).toBe('frankfurt.777')
    expect(decide([line('london.1', 5, 1, 1), line('london.1', 5, 1, 1)])).toBe('frankfurt.777')
  })
})

describe('the witness', () => {
  test('ST37 it names what was written last, also if the writing of the next slot was torn', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'meridian-witness-'))
    const witness = await openWitness(dir, 'entries')
    expect(await witness.read()).toBeUndefined()
    for (let seq = 1; seq <= 5; seq++) await witness.write('frankfurt.1', { seq, hash: hash(seq) })
    expect(await witness.read()).toMatchObject({ origin: 'frankfurt.1', head: { seq: 5 } })
    await witness.close()
    const file = join(dir, 'witness-entries')
    const whole = readFileSync(file)
    for (let cut = 1; cut < 512; cut += 37) {
      // The fifth turn was written to the second slot.
      const torn = Buffer.from(whole)
      torn.fill('x', 512 + cut, 512 + Math.min(cut + 40, 512))
      writeFileSync(file, torn)
      const read = await openWitness(dir, 'entries')
      expect([4, 5]).toContain((await read.read())?.head.seq)
      await read.close()
    }
    rmSync(dir, { recursive: true })
  })

  test('ST38 a region that never ran is told so, and one that ran keeps its witness', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'meridian-witness-'))
    await provisionWitnesses(dir, 'frankfurt')
    const first = await openWitness(dir, 'notes')
    expect(await first.read()).toMatchObject({ origin: 'frankfurt.1', head: { seq: 0 } })
    expect(Buffer.from((await first.read())!.head.hash).equals(emptyHead('notes', 'frankfurt.1').hash)).toBe(
      true,
    )
    await first.write('frankfurt.1', { seq: 9, hash: hash(9) })
    await first.close()
    await provisionWitnesses(dir, 'frankfurt')
    const again = await openWitness(dir, 'notes')
    expect((await again.read())?.head.seq).toBe(9)
    await again.close()
    rmSync(dir, { recursive: true })
  })
})
