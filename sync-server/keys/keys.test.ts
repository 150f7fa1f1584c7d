import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { chain, emptyHead, type LogRow } from '../store/log-row.ts'
import { createKeyring, type NewKey, scopeOf } from './keyring.ts'
import { open, seal } from './sealing.ts'
import type { WrappingKeys } from './wrapping.ts'

const place = { origin: 'frankfurt.1', document: 'chart/1', entryId: 'e' }
const regions: { [region: string]: WrappingKeys } = {}

beforeAll(async () => {
  const publicKeys = new Map<string, JWK>()
  for (const region of ['frankfurt', 'london', 'nairobi']) {
    const pair = await generateKeyPair('ECDH-ES+A256KW', { crv: 'P-256', extractable: true })
    publicKeys.set(region, await exportJWK(pair.publicKey))
    regions[region] = { region, privateKey: await exportJWK(pair.privateKey), publicKeys }
  }
})

describe('sealing', () => {
  test('KE1 sealed bytes open under their key at their place, and say nothing', () => {
    const key = randomBytes(32)
    const sealed = seal(key, place, Buffer.from('Penicillin'))
    expect(Buffer.from(open(key, place, sealed)).toString()).toBe('Penicillin')
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('Penicillin')
    expect(seal(key, place, Buffer.from('Penicillin'))).not.toEqual(sealed)
  })

  test('KE2 altered bytes, another key and another place are noticed', () => {
    const key = randomBytes(32)
    const sealed = seal(key, place, Buffer.from('Penicillin'))
    for (let i = 0; i < sealed.length; i++) {
      const altered = Uint8Array.from(sealed)
      altered[i]! ^= 1
      expect(() => open(key, place, altered)).toThrow()
    }
    expect(() => open(randomBytes(32), place, sealed)).toThrow()
    for (const other of [{ origin: 'london.1' }, { document: 'chart/2' }, { entryId: 'f' }])
      expect(() => open(key, { ...place, ...other }, sealed)).toThrow()
    expect(() => open(key, place, sealed.subarray(0, 20))).toThrow()
  })
})

describe('keyring', () => {
  const grantRow = (made: NewKey, recipients = made.recipients, wrapped = made.wrapped): LogRow =>
    chain(emptyHead('entries', 'frankfurt.1'), {
      origin: 'frankfurt.1',
      seq: 1,
      kind: 'grant',
      document: made.scope,
      clock: -1,
      subject: recipients.join(','),
      entryId: '',
      homeGroup: 'g',
      author: '',
      lamport: 0,
      epoch: 1,
      keyId: made.keyId,
      bytes: wrapped,
    })

  test('KE3 a key is known from its grant on, to the regions that it was granted to and to no other', async () => {
    const frankfurt = createKeyring(regions['frankfurt']!)
    const made = await frankfurt.make('patient/1', ['london', 'frankfurt'])
    expect(frankfurt.active('frankfurt.1', 'patient/1')).toBeUndefined()
    const rings = ['frankfurt', 'london', 'nairobi'].map((region) => createKeyring(regions[region]!))
    for (const ring of rings) ring.learn(grantRow(made))
    const keys = await Promise.all(rings.map((ring) => ring.key(made.keyId)))
    expect(keys.map((key) => key && Buffer.from(key).equals(made.key))).toEqual([true, true, undefined])
    expect(rings[1]!.active('frankfurt.1', 'patient/1')).toBe(made.keyId)
    expect(rings[1]!.active('london.1', 'patient/1')).toBeUndefined()
  })

  test('KE4 who has a key can grant it to a region that came later', async () => {
    const frankfurt = createKeyring(regions['frankfurt']!)
    const made = await frankfurt.make('patient/1', ['frankfurt'])
    frankfurt.learn(grantRow(made))
    const more = await frankfurt.wrapFor(made.keyId, ['nairobi'])
    const nairobi = createKeyring(regions['nairobi']!)
    nairobi.learn(grantRow(made))
    expect(await nairobi.key(made.keyId)).toBeUndefined()
    nairobi.learn(grantRow(made, ['nairobi'], more))
    expect(Buffer.from((await nairobi.key(made.keyId))!).equals(made.key)).toBe(true)
    expect([...nairobi.granted()][0]?.recipients).toEqual(new Set(['frankfurt', 'nairobi']))
    expect(await nairobi.wrapFor('unknown', ['london'])).toBeUndefined()
  })

  test('KE6 what was erased has no keys: not those it had, not those that come later, and none is made', async () => {
    const ring = createKeyring(regions['frankfurt']!)
    const [made, other, late] = await Promise.all([
      ring.make('patient/1', ['frankfurt']),
      ring.make('patient/2', ['frankfurt']),
      ring.make('patient/1', ['frankfurt']),
    ])
    for (const key of [made, other]) ring.learn(grantRow(key))
    const opening = ring.key(made.keyId)
    ring.learn({ ...grantRow(made), kind: 'tombstone' })
    expect(await opening).toBeUndefined()
    ring.learn(grantRow(late))
    expect([ring.erased('patient/1'), ring.erased('patient/2')]).toEqual([true, false])
    for (const { keyId } of [made, late]) {
      expect(await ring.key(keyId)).toBeUndefined()
      expect([ring.has(keyId), ring.keys(keyId)]).toEqual([false, []])
    }
    expect(ring.active('frankfurt.1', 'patient/1')).toBeUndefined()
    expect(await ring.wrapFor(made.keyId, ['london'])).toBeUndefined()
    expect([...ring.granted()].map(({ scope }) => scope)).toEqual(['patient/2'])
    await expect(ring.make('patient/1', ['frankfurt'])).rejects.toThrow('erased')
    expect(await ring.key(other.keyId)).toBeDefined()
  })

  test('KE7 an emptied grant, and one that cannot be unwrapped, are keys that have not come; another copy is one', async () => {
    const ring = createKeyring(regions['frankfurt']!)
    const made = await ring.make('patient/1', ['frankfurt'])
    ring.learn({ ...grantRow(made), bytes: null })
    ring.learn({ ...grantRow(made), bytes: Buffer.from('{}') })
    expect(await ring.key(made.keyId)).toBeUndefined()
    expect(ring.has(made.keyId)).toBe(false)
    ring.learn(grantRow(made))
    expect(ring.has(made.keyId)).toBe(true)
    expect(Buffer.from((await ring.key(made.keyId))!).equals(made.key)).toBe(true)
  })

  test('KE8 where grants of one name contradict each other, each key is tried, and the first one seals', async () => {
    const ring = createKeyring(regions['frankfurt']!)
    const [first, second] = [
      await ring.make('patient/1', ['frankfurt']),
      await ring.make('patient/1', ['frankfurt']),
    ]
    for (const { wrapped } of [first, second, first]) ring.learn({ ...grantRow(first), bytes: wrapped })
    await ring.prepare([first.keyId])
    expect(ring.keys(first.keyId).map((key) => Buffer.from(key).toString('hex'))).toEqual(
      [first, second].map(({ key }) => Buffer.from(key).toString('hex')),
    )
    expect(Buffer.from((await ring.key(first.keyId))!).equals(first.key)).toBe(true)
  })

  test('KE9 a key that is granted anew for an origin that has ended is still that origin’s', async () => {
    const ring = createKeyring(regions['frankfurt']!)
    const made = await ring.make('patient/1', ['frankfurt'])
    ring.learn({ ...grantRow(made), origin: 'london.1', author: 'frankfurt.1' })
    expect(ring.active('frankfurt.1', 'patient/1')).toBe(made.keyId)
    expect(ring.active('london.1', 'patient/1')).toBeUndefined()
  })

  test('KE5 the documents of a patient share a key, others have their own', () => {
    const names = ['chart/7', 'journal/7/2026', 'journal/7/undated', 'notices/7', 'thread/7', 'note/7']
    expect(names.map(scopeOf)).toEqual([...Array(4).fill('patient/7'), 'thread/7', 'note/7'])
  })
})
