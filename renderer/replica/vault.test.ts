import { expect, test, vi } from 'vitest'
import type { PasswordCost } from './password-key.ts'
import { createVault, openVault, rewrap, type Vault, type Wrapped } from './vault.ts'

const cheap: PasswordCost = { memoryKiB: 8, passes: 1, lanes: 1 }
const bytes = Uint8Array.of(1, 2, 3)
const flipped = (of: Uint8Array, at: number) => of.map((byte, i) => (i === at ? byte ^ 1 : byte))

async function opened(wrapped: unknown, password: string): Promise<Vault> {
  const answer = await openVault(wrapped, password)
  if (answer.outcome !== 'opened') throw new Error(`the vault is ${answer.outcome}`)
  return answer.vault
}

test('DV1 a vault opens with its password only, and what is sealed for one place opens nowhere else', async () => {
  const { vault, wrapped } = await createVault('right', cheap)
  const sealed = await vault.seal('a', bytes)
  const same = await opened(wrapped, 'right')
  expect(await same.open('a', sealed)).toEqual(bytes)
  expect(await same.open('b', sealed)).toBeUndefined()
  for (let at = 0; at < sealed.length; at++) expect(await same.open('a', flipped(sealed, at))).toBeUndefined()
  for (let length = 0; length < sealed.length; length++)
    expect(await same.open('a', sealed.subarray(0, length))).toBeUndefined()
  expect(await openVault(wrapped, 'wrong')).toEqual({ outcome: 'wrong-password' })
  expect(await vault.seal('a', bytes)).not.toEqual(sealed)
})

test('DV2 under a new password the same secret is opened, and the earlier one opens nothing any more', async () => {
  const { vault, wrapped } = await createVault('old', cheap)
  const sealed = await vault.seal('a', bytes)
  expect(await rewrap(wrapped, 'guess', 'new', cheap)).toEqual({ outcome: 'wrong-password' })
  const answer = await rewrap(wrapped, 'old', 'new', cheap)
  if (answer.outcome !== 'rewrapped') throw new Error(answer.outcome)
  expect(await (await opened(answer.wrapped, 'new')).open('a', sealed)).toEqual(bytes)
  expect(await openVault(answer.wrapped, 'old')).toEqual({ outcome: 'wrong-password' })
})

test('DV13 a damaged record of a vault is told from a wrong password, and a cost out of bounds is not computed', async () => {
  const { wrapped } = await createVault('right', cheap)
  const broken: unknown[] = [
    undefined,
    null,
    {},
    { ...wrapped, version: 2 },
    { ...wrapped, salt: wrapped.salt.subarray(1) },
    { ...wrapped, salt: flipped(wrapped.salt, 3) },
    { ...wrapped, sealed: flipped(wrapped.sealed, 30) },
    { ...wrapped, cost: { ...cheap, passes: 2 } },
  ]
  for (const record of broken) expect(await openVault(record, 'right')).toEqual({ outcome: 'damaged' })

  const dear: PasswordCost[] = [
    { memoryKiB: 2 ** 22, passes: 1, lanes: 1 },
    { memoryKiB: 2 ** 17, passes: 16, lanes: 1 },
    { memoryKiB: 64, passes: 2 ** 30, lanes: 1 },
    { memoryKiB: 8, passes: 1, lanes: 4 },
  ]
  const started = performance.now()
  for (const cost of dear)
    expect(await openVault({ ...wrapped, cost }, 'right')).toEqual({ outcome: 'damaged' })
  expect(performance.now() - started).toBeLessThan(1000)
})

test('DV14 the keys of a vault cannot be taken out of it, and the secret is wiped when they are made', async () => {
  const imported = vi.spyOn(crypto.subtle, 'importKey')
  const derived = vi.spyOn(crypto.subtle, 'deriveKey')
  const { wrapped } = await createVault('right', cheap)
  await opened(wrapped, 'right')
  expect(imported.mock.calls.length).toBe(4)
  expect(derived.mock.calls.length).toBe(4)
  for (const [, given, , extractable] of imported.mock.calls) {
    expect(extractable).toBe(false)
    expect(given).toEqual(new Uint8Array(32))
  }
  for (const [, , , extractable] of derived.mock.calls) expect(extractable).toBe(false)
  vi.restoreAllMocks()
})

test('DV15 rows are named the same way by one vault, otherwise by every other, and no two things share a name', async () => {
  const { vault, wrapped } = await createVault('right', cheap)
  const other = await createVault('right', cheap)
  const name = await vault.rowKey('outbox', 'x')
  expect(name).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(await (await opened(wrapped, 'right')).rowKey('outbox', 'x')).toBe(name)
  expect(await other.vault.rowKey('outbox', 'x')).not.toBe(name)
  const names = [
    name,
    await vault.rowKey('value', 'x'),
    await vault.rowKey('outboxx', ''),
    await vault.rowKey('', 'outboxx'),
  ]
  expect(new Set(names).size).toBe(4)
})

test('DV16 a password is the same however its accents were typed', async () => {
  const { wrapped }: { wrapped: Wrapped } = await createVault('Müller'.normalize('NFD'), cheap)
  expect((await openVault(wrapped, 'Müller'.normalize('NFC'))).outcome).toBe('opened')
})
