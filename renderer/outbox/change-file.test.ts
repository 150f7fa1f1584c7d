import { expect, test } from 'vitest'
import { committed } from '../../domain/testing/committed.ts'
import type { StoredChange } from '../replica/stored-change.ts'
import { changeFileLimits, openChanges, readHead, sealChanges } from './change-file.ts'

const cost = { memoryKiB: 8, passes: 1, lanes: 1 }
const now = Date.parse('2026-11-24T14:02:03Z')
const passphrase = 'korrekt pferd 17'

let made = 0
function change(told: Partial<StoredChange> = {}): StoredChange {
  made += 1
  const { id, entry } = committed({ aspects: { code: { text: 'Penicillin' } }, deviceSeq: made })
  const rest = { patientId: 'p1', about: 'Allergy to Penicillin', at: made, rung: { at: 'device' } } as const
  return { id, entry, ...rest, ...told }
}

async function fileOf(changes: StoredChange[]): Promise<Uint8Array<ArrayBuffer>> {
  const sealed = await sealChanges(changes, passphrase, { now, cost })
  if (sealed.outcome !== 'sealed') throw new Error(sealed.outcome)
  return sealed.bytes
}

/** The same file with another first line, and a check that fits it. */
async function withHead(
  file: Uint8Array,
  alter: (head: Record<string, unknown>) => Record<string, unknown>,
): Promise<Uint8Array> {
  const end = file.indexOf(10)
  const head: Record<string, unknown> = JSON.parse(new TextDecoder().decode(file.subarray(0, end)))
  const line = new TextEncoder().encode(`${JSON.stringify(alter(head))}\n`)
  return checked(Uint8Array.from([...line, ...file.subarray(end + 1, -32)]))
}

async function checked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return Uint8Array.from([...bytes, ...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))])
}

test('OX1 a file gives back the changes that were put into it, with how far they were', async () => {
  const changes = [
    change(),
    change({ rung: { at: 'refused', code: 'forbidden', detail: 'no' }, about: 'line\nbreak' }),
    change({ rung: { at: 'saved', region: 'frankfurt' } }),
  ]
  const file = await fileOf(changes)
  expect(readHead(file)).toEqual({ outcome: 'read', made: '2026-11-24T14:02:03.000Z' })
  expect(await openChanges(file, passphrase)).toEqual({ outcome: 'opened', changes, unreadable: 0 })
  expect(await openChanges(await fileOf([]), passphrase)).toEqual({
    outcome: 'opened',
    changes: [],
    unreadable: 0,
  })
})

test('OX2 in clear stand format, version, time and cost, and nothing else; two files of one change differ', async () => {
  const one = change()
  const file = await fileOf([one])
  const text = new TextDecoder('latin1').decode(file)
  const head: Record<string, unknown> = JSON.parse(text.slice(0, text.indexOf('\n')))
  expect(Object.keys(head)).toEqual(['format', 'version', 'made', 'cost', 'salt'])
  for (const secret of ['Penicillin', 'p1', one.entry.author.user, one.id]) expect(text).not.toContain(secret)
  const again = new TextDecoder('latin1').decode(await fileOf([one]))
  expect(again.slice(-200)).not.toBe(text.slice(-200))
})

test('OX3 a wrong passphrase opens nothing, and is told from damage; one that is written otherwise opens it', async () => {
  const file = await fileOf([change()])
  expect(await openChanges(file, 'korrekt pferd 18')).toEqual({ outcome: 'wrong-passphrase' })
  const accents = await sealChanges([], 'Straße für 12 Bären', { now, cost })
  if (accents.outcome !== 'sealed') throw new Error(accents.outcome)
  expect((await openChanges(accents.bytes, 'Straße für 12 Bären'.normalize('NFD'))).outcome).toBe('opened')
})

test('OX4 a file of which any byte was altered or any end is missing opens to nothing', async () => {
  const file = await fileOf([change()])
  for (let at = 0; at < file.length; at += 7) {
    const altered = file.slice()
    altered[at] = (altered[at] ?? 0) ^ 0x20
    expect((await openChanges(altered, passphrase)).outcome).toMatch(/^(damaged|other|newer)$/)
  }
  for (const length of [
    0,
    1,
    40,
    file.indexOf(10),
    file.indexOf(10) + 1,
    file.indexOf(10) + 33,
    file.length - 1,
  ])
    expect((await openChanges(file.slice(0, length), passphrase)).outcome).toMatch(/^(damaged|other)$/)
})

test('OX5 who forges the check as well has altered nothing: the first line is sealed with the rest', async () => {
  const file = await fileOf([change()])
  const later = await withHead(file, (head) => ({ ...head, made: '2027-01-01T00:00:00.000Z' }))
  expect(readHead(later).outcome).toBe('read')
  expect(await openChanges(later, passphrase)).toEqual({ outcome: 'wrong-passphrase' })
})

test('OX6 other files, newer ones, and costs that would hold up the device are refused unopened', async () => {
  const file = await fileOf([change()])
  const heads: [object, string][] = [
    [{ format: 'meridian-damaged-rows' }, 'other'],
    [{ version: 2 }, 'newer'],
    [{ version: 0 }, 'other'],
    [{ cost: { memoryKiB: 2 ** 22, passes: 1, lanes: 1 } }, 'damaged'],
    [{ cost: { memoryKiB: 131_072, passes: 16, lanes: 1 } }, 'damaged'],
    [{ salt: 'zz' }, 'damaged'],
    [{ patient: 'Grossmann' }, 'damaged'],
  ]
  for (const [told, outcome] of heads) {
    const other = await withHead(file, (head) => ({ ...head, ...told }))
    expect(readHead(other)).toEqual({ outcome })
    expect(await openChanges(other, passphrase)).toEqual({ outcome })
  }
  for (const text of ['', '\n', 'null\n', '[]\n', `${'x'.repeat(5000)}\n`])
    expect(readHead(new TextEncoder().encode(text))).toEqual({ outcome: 'other' })
})

test('OX7 what is too large is neither made nor read', async () => {
  const large = change({ about: 'x'.repeat(changeFileLimits.bytes) })
  expect(await sealChanges([large], passphrase, { now, cost })).toEqual({ outcome: 'too-large' })
  const file = new Uint8Array(changeFileLimits.bytes + 1)
  expect(readHead(file)).toEqual({ outcome: 'too-large' })
  expect(await openChanges(file, passphrase)).toEqual({ outcome: 'too-large' })
})

test('OX8 a change that this app does not understand is counted, and the others are read', async () => {
  const [a, b] = [change(), change()]
  // An entry that is not the one of its id is not packed at all.
  expect(await sealChanges([{ ...a, id: b.id }], passphrase, { now, cost })).toEqual({ outcome: 'failed' })
  const strange = JSON.parse(JSON.stringify(change()))
  strange.rung = { at: 'saved' }
  const file = await fileOf([a, strange, b])
  expect(await openChanges(file, passphrase)).toEqual({ outcome: 'opened', changes: [a, b], unreadable: 1 })
})
