import { expect, test } from 'vitest'
import { hashPassword, verifyPassword } from './passwords.ts'

test('CL1 a password fits its own hash and no other does', async () => {
  const hash = await hashPassword('meridian')
  expect(hash).toMatch(/^scrypt\$16384\$8\$5\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}$/)
  expect(await verifyPassword('meridian', hash)).toBe(true)
  expect(await verifyPassword('Meridian', hash)).toBe(false)
  expect(await verifyPassword('', hash)).toBe(false)
})

test('CL1 two hashes of one password differ', async () => {
  expect(await hashPassword('meridian')).not.toBe(await hashPassword('meridian'))
})

test('CL1 a hash of another cost is understood, a composed letter equals its parts', async () => {
  const light = 'scrypt$16$1$1$c2FsdHNhbHRzYWx0c2FsdA$'
  expect(await verifyPassword('x', `${light}${'A'.repeat(43)}`)).toBe(false)
  const hash = await hashPassword('caf\u00e9')
  expect(await verifyPassword('cafe\u0301', hash)).toBe(true)
})

test('CL2 a malformed or exorbitant hash fits no password', async () => {
  const tail = `$c2FsdHNhbHRzYWx0c2FsdA$${'A'.repeat(43)}`
  for (const hash of [
    '',
    'meridian',
    'scrypt$16384$8$5',
    `scrypt$16383$8$5${tail}`,
    `scrypt$0$8$5${tail}`,
    `scrypt$16384$0$5${tail}`,
    `scrypt$999999999$8$5${tail}`,
    `scrypt$268435456$8$1${tail}`,
    `bcrypt$16384$8$5${tail}`,
  ])
    expect(await verifyPassword('meridian', hash), hash).toBe(false)
})
