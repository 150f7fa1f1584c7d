import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createKeyring, scopeOf } from '../keys/keyring.ts'
import { seal } from '../keys/sealing.ts'
import type { KeyCipher } from '../keys/wrapping.ts'
import type { FlushedRow } from './flushed-row.ts'
import { createIntake, type IntakeDeps } from './intake.ts'
import { chain, emptyHead, type Head, type LogRow, type RowKind } from './log-row.ts'

/** Wrapping that can be read by whoever is named in it. */
const cipher: KeyCipher = {
  wrapKey: async (_, key, regions) =>
    Buffer.from(JSON.stringify({ regions, key: Buffer.from(key).toString('base64') })),
  async unwrapKey({ region }, wrapped) {
    const { regions, key } = JSON.parse(Buffer.from(wrapped).toString()) as {
      regions: string[]
      key: string
    }
    return regions.includes(region) ? Buffer.from(key, 'base64') : undefined
  },
}
const wrappingOf = (region: string) => ({ region, privateKey: { kty: 'EC' }, publicKeys: new Map() })
const chart = 'chart/1'

/** Rows of one origin, each behind the one before. */
function createOrigin(origin: string) {
  let head: Head = emptyHead('entries', origin)
  function row(
    kind: RowKind,
    document: string,
    keyId: string,
    bytes: Uint8Array,
    over: { subject?: string } = {},
  ) {
    const clear = { clock: 0, subject: '', entryId: '', homeGroup: 'g', author: '', lamport: 1, epoch: 1 }
    const chained = chain(head, {
      ...clear,
      origin,
      seq: head.seq + 1,
      kind,
      document,
      keyId,
      bytes,
      ...over,
    })
    head = { seq: chained.seq, hash: chained.hash }
    return chained
  }
  return {
    async grant(keyId: string, key: Uint8Array, scope = scopeOf(chart), recipients = ['london']) {
      const wrapped = await cipher.wrapKey(wrappingOf('frankfurt'), key, recipients)
      return row('grant', scope, keyId, wrapped, { subject: recipients.join(',') })
    },
    entry(keyId: string, key: Uint8Array, text: string, document = chart) {
      const place = { origin, document, entryId: '' }
      return row('entry', document, keyId, seal(key, place, Buffer.from(text)))
    },
    tombstone: (scope = scopeOf(chart)) => row('tombstone', scope, 'group', randomBytes(40)),
  }
}

async function startIntake(stored: LogRow[] = []) {
  const keyring = createKeyring(wrappingOf('london'), cipher)
  for (const row of stored) keyring.learn(row)
  const heard: FlushedRow[] = []
  let broken = false
  let time = 0
  const after = (origin: string, seq: number) => stored.filter((r) => r.origin === origin && r.seq > seq)
  const table: IntakeDeps['table'] = {
    append: async (rows) => stored.push(...rows),
    heads: async () => new Map(stored.map(({ origin, seq, hash }) => [origin, { seq, hash }])),
    rowsAfter: async (origin, seq, limit) => after(origin, seq).slice(0, limit),
    async rowsUnder(origin, keyId, seq, limit) {
      if (broken) throw new Error('the database does not answer')
      return after(origin, seq)
        .filter((row) => row.kind === 'entry' && row.keyId === keyId)
        .slice(0, limit)
    },
    keysNotGranted: async () =>
      stored.filter((row) => row.kind === 'entry' && !keyring.has(row.keyId)).slice(0, 1),
  }
  const heads = new Map(stored.map(({ origin, seq, hash }) => [origin, { seq, hash }]))
  const intake = await createIntake({
    line: 'entries',
    table,
    region: 'london',
    heads,
    isOwn: (origin) => origin === 'london.1',
    keyring,
    endOf: () => undefined,
    onFlushed: (rows) => void heard.push(...rows),
    now: () => time,
    warn: () => {},
  })
  return {
    intake,
    stored,
    heard,
    keyring,
    pass(ms: number) {
      time += ms
    },
    breakReading: (now: boolean) => {
      broken = now
    },
    servable: (origin: string) => intake.servable(origin, intake.head(origin).seq),
    read: () => heard.flatMap(({ plain }) => (plain ? [Buffer.from(plain).toString()] : [])),
    /** Resolves when everything that was taken has been told. */
    told: (...origins: string[]) =>
      Promise.all(origins.map((origin) => intake.alone(origin, async () => undefined))),
  }
}

describe('opening rows', () => {
  test('OP1 rows whose key has not come are kept and hold up what can be served; when it comes they are told, and only they', async () => {
    const london = await startIntake()
    const [frankfurt, nairobi] = [createOrigin('frankfurt.1'), createOrigin('nairobi.1')]
    const [lateKey, otherKey] = [randomBytes(32), randomBytes(32)]
    await london.intake.take('frankfurt.1', [
      await frankfurt.grant('other', otherKey, 'patient/2'),
      frankfurt.entry('other', otherKey, 'a', 'chart/2'),
      frankfurt.entry('late', lateKey, 'b'),
      frankfurt.entry('other', otherKey, 'c', 'chart/2'),
      frankfurt.entry('late', lateKey, 'd'),
    ])
    await london.told('frankfurt.1')
    expect(london.read()).toEqual(['a', 'c'])
    expect(london.heard.map(({ why }) => why)).toEqual([undefined, undefined, 'no-key', undefined, 'no-key'])
    expect(london.intake.head('frankfurt.1').seq).toBe(5)
    expect(london.servable('frankfurt.1')).toBe(2)
    await london.intake.take('nairobi.1', [await nairobi.grant('late', lateKey)])
    await london.told('nairobi.1')
    expect(london.read()).toEqual(['a', 'c', 'b', 'd'])
    expect(london.servable('frankfurt.1')).toBe(5)
  })

  test('ST91 rows that a statement of an earlier process stored late are told, and followed on', async () => {
    const london = await startIntake()
    const [frankfurt, own] = [createOrigin('frankfurt.1'), createOrigin('london.1')]
    const key = randomBytes(32)
    london.stored.push(await frankfurt.grant('k', key), frankfurt.entry('k', key, 'late'))
    london.stored.push(await own.grant('own', key), own.entry('own', key, 'own'))
    for (let second = 0; second < 11; second++) {
      london.pass(1000)
      london.intake.lookAgain()
    }
    await london.told('frankfurt.1')
    expect(london.read()).toEqual([])
    for (let second = 0; second < 4; second++) {
      london.pass(1000)
      london.intake.lookAgain()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await london.told('frankfurt.1')
    expect(london.read()).toEqual(['late'])
    expect(london.intake.head('frankfurt.1').seq).toBe(2)
    await london.intake.take('frankfurt.1', [frankfurt.entry('k', key, 'next')])
    await london.told('frankfurt.1')
    expect(london.read()).toEqual(['late', 'next'])
  })

  test('OP2 a key that comes while rows are being opened is not missed', async () => {
    for (let round = 0; round < 50; round++) {
      const london = await startIntake()
      const [frankfurt, nairobi] = [createOrigin('frankfurt.1'), createOrigin('nairobi.1')]
      const key = randomBytes(32)
      const rows = ['a', 'b', 'c'].map((text) => frankfurt.entry('late', key, text))
      const grant = await nairobi.grant('late', key)
      const taking = rows.map((row) => london.intake.take('frankfurt.1', [row]))
      for (let turn = 0; turn < round % 12; turn++) await Promise.resolve()
      await Promise.all([...taking, london.intake.take('nairobi.1', [grant])])
      await london.told('frankfurt.1', 'nairobi.1', 'frankfurt.1')
      expect(new Set(london.read())).toEqual(new Set(['a', 'b', 'c']))
      expect(london.servable('frankfurt.1')).toBe(3)
    }
  })

  test('OP3 a row that does not open under its key is told as damaged and holds up nothing', async () => {
    const london = await startIntake()
    const frankfurt = createOrigin('frankfurt.1')
    const key = randomBytes(32)
    await london.intake.take('frankfurt.1', [
      await frankfurt.grant('k', key),
      frankfurt.entry('k', key, 'a'),
      frankfurt.entry('k', randomBytes(32), 'sealed under another'),
      frankfurt.entry('k', key, 'b'),
    ])
    await london.told('frankfurt.1')
    expect(london.read()).toEqual(['a', 'b'])
    expect(london.heard.map(({ why }) => why)).toEqual([undefined, undefined, 'damaged', undefined])
    expect(london.servable('frankfurt.1')).toBe(4)
  })

  test('OP4 rows of an erased patient are kept without holding anything up, and a grant that comes later without its key', async () => {
    const london = await startIntake()
    const [frankfurt, nairobi] = [createOrigin('frankfurt.1'), createOrigin('nairobi.1')]
    const key = randomBytes(32)
    await london.intake.take('frankfurt.1', [await frankfurt.grant('k', key), frankfurt.entry('k', key, 'a')])
    await london.intake.take('frankfurt.1', [frankfurt.tombstone(), frankfurt.entry('k', key, 'b')])
    await london.told('frankfurt.1')
    await london.intake.take('nairobi.1', [
      await nairobi.grant('k2', key),
      nairobi.entry('k2', key, 'c'),
      nairobi.entry('k3', key, 'd'),
    ])
    await london.told('frankfurt.1', 'nairobi.1')
    expect(london.read()).toEqual(['a'])
    expect(london.keyring.erased('patient/1')).toBe(true)
    expect([london.servable('frankfurt.1'), london.servable('nairobi.1')]).toEqual([4, 3])
    expect(london.stored.find((row) => row.keyId === 'k2' && row.kind === 'grant')?.bytes).toBeNull()
    // The chain runs over the digest of what was emptied: whoever follows can still check it.
    expect((await london.intake.take('nairobi.1', [nairobi.entry('k2', key, 'e')])).outcome).toBe('taken')
  })

  test('OP5 an emptied grant that comes before its tombstone is a key that has not come; the tombstone lets go of what waited', async () => {
    const london = await startIntake()
    const [frankfurt, nairobi] = [createOrigin('frankfurt.1'), createOrigin('nairobi.1')]
    const key = randomBytes(32)
    const grant = await frankfurt.grant('k', key)
    await london.intake.take('frankfurt.1', [{ ...grant, bytes: null }, frankfurt.entry('k', key, 'a')])
    await london.told('frankfurt.1')
    expect(london.servable('frankfurt.1')).toBe(1)
    await london.intake.take('nairobi.1', [nairobi.tombstone()])
    await london.told('nairobi.1')
    expect(london.servable('frankfurt.1')).toBe(2)
    expect(london.read()).toEqual([])
  })

  test('OP6 after a restart what lacks its key still holds up what can be served, and is told when the key comes', async () => {
    const [frankfurt, nairobi] = [createOrigin('frankfurt.1'), createOrigin('nairobi.1')]
    const key = randomBytes(32)
    const london = await startIntake([frankfurt.entry('late', key, 'a'), frankfurt.entry('late', key, 'b')])
    expect(london.servable('frankfurt.1')).toBe(0)
    await london.intake.take('nairobi.1', [await nairobi.grant('late', key)])
    await london.told('nairobi.1')
    expect(london.read()).toEqual(['a', 'b'])
    expect(london.servable('frankfurt.1')).toBe(2)
  })

  test('OP7 if the log cannot be read when a key comes, its rows are told with the next ones', async () => {
    const london = await startIntake()
    const [frankfurt, nairobi] = [createOrigin('frankfurt.1'), createOrigin('nairobi.1')]
    const key = randomBytes(32)
    await london.intake.take('frankfurt.1', [frankfurt.entry('late', key, 'a')])
    london.breakReading(true)
    await london.intake.take('nairobi.1', [await nairobi.grant('late', key)])
    await london.told('nairobi.1')
    expect(london.servable('frankfurt.1')).toBe(0)
    london.breakReading(false)
    await london.intake.take('nairobi.1', [await nairobi.grant('more', key)])
    await london.told('nairobi.1')
    expect(london.read()).toEqual(['a'])
  })
})
