import { afterEach, expect, test } from 'vitest'
import { createKeyring } from '../keys/keyring.ts'
import type { FlushedRow } from './flushed-row.ts'
import { grantRow } from './group.ts'
import type { LineTable } from './line-table.ts'
import { emptyHead, follows, type Head, type LogRow } from './log-row.ts'
import { type ManualTimers, manualTimers } from './manual-timers.ts'
import { createNumbering } from './numbering.ts'
import type { Pen, PenInHand } from './pen.ts'
import type { AppendOutcome, PlainRow } from './plain-row.ts'
import type { Witness } from './witness.ts'
import { createWriter, type Writer, type WriterDeps } from './writer.ts'

const origin = 'frankfurt.1'

/** A database as one writer sees it: a table, one pen, and what may go wrong with the next statement. */
type Fault = 'before' | 'after' | 'refused' | 'full'

function fakeDatabase() {
  const rows: LogRow[] = []
  const state = {
    rows,
    away: false,
    faults: [] as Fault[],
    holder: undefined as string | undefined,
    /** After the next fault nothing answers any more. */
    thenAway: false,
    takenOver: false,
    beats: 0,
    /** Questions whether a session holds the pen wait for this. */
    beatGate: Promise.resolve() as Promise<unknown>,
    sessions: 0,
    /** Statements that appended rows wait for this before they do it. */
    gate: Promise.resolve() as Promise<unknown>,
  }
  const gone = () => Object.assign(new Error('gone'), { code: 'CONNECTION_CLOSED' })
  const reach = () => {
    if (state.away) throw gone()
  }

  function session(token: string): LineTable {
    const only: Partial<LineTable> = {
      async append(fresh, penToken) {
        await state.gate
        reach()
        const fault = state.faults.shift()
        if (fault) state.holder = fault === 'before' || fault === 'after' ? undefined : state.holder
        if (fault && state.thenAway) state.away = true
        if (fault === 'before') throw gone()
        if (fault === 'full') throw Object.assign(new Error('full'), { code: '53100' })
        if (fault === 'refused') throw Object.assign(new Error('no'), { code: '23514' })
        if (fault !== 'after' && penToken !== state.holder) return 0
        if (fresh.some((row) => rows.some((one) => one.origin === row.origin && one.seq === row.seq)))
          throw Object.assign(new Error('there'), { code: '23505' })
        rows.push(...fresh)
        if (fault === 'after') throw gone()
        return fresh.length
      },
      async heads() {
        reach()
        const heads = new Map<string, Head>()
        for (const row of rows) heads.set(row.origin, { seq: row.seq, hash: row.hash })
        return heads
      },
      async commitsOf(_, ids) {
        reach()
        return rows.filter((row) => row.entryId !== '' && ids.includes(row.entryId))
      },
      async nextClocks(of, documents) {
        reach()
        const own = rows.filter((row) => row.origin === of && row.kind === 'entry')
        const next = documents.map((d) => [d, own.filter((row) => row.document === d).length] as const)
        return new Map(next.filter(([, clock]) => clock > 0))
      },
      async holdsPen(asked) {
        state.beats += 1
        await state.beatGate
        reach()
        return state.holder === asked && token === asked
      },
    }
    // The writer asks for nothing else.
    return only as LineTable
  }

  async function takePen(): Promise<PenInHand> {
    reach()
    if (state.takenOver) return 'taken-over'
    if (state.holder !== undefined) return undefined
    const token = `session ${++state.sessions}`
    state.holder = token
    return {
      table: session(token),
      token,
      async close() {
        if (state.holder === token) state.holder = undefined
      },
    }
  }

  return { state, takePen }
}

function fakeWitness() {
  const state = {
    named: [] as Head[],
    fails: undefined as string | undefined,
    /** So many writes fail, then one succeeds again. */
    failures: 0,
    gate: Promise.resolve() as Promise<unknown>,
  }
  const witness: Witness = {
    read: async () => undefined,
    async write(_, head) {
      await state.gate
      if (state.failures-- > 0) throw new Error('once')
      if (state.fails) throw Object.assign(new Error(state.fails), { code: state.fails })
      state.named.push(head)
    },
    close: async () => {},
  }
  return { state, witness }
}

type Setup = Awaited<ReturnType<typeof setUp>>
let dispose = async () => {}
afterEach(async () => {
  await dispose()
  dispose = async () => {}
})

async function setUp(over: Partial<WriterDeps> = {}) {
  const timers: ManualTimers = manualTimers()
  const database = fakeDatabase()
  const { state: witness, witness: port } = fakeWitness()
  const flushed: FlushedRow[] = []
  const ended: string[] = []
  const warnings: string[] = []
  const keyring = createKeyring(
    { region: 'frankfurt', publicKeys: new Map(), privateKey: {} },
    { wrapKey: async (_, key) => key, unwrapKey: async (_, wrapped) => wrapped },
  )
  const writer: Writer = createWriter({
    line: 'entries',
    origin,
    head: emptyHead('entries', origin),
    pen: (await database.takePen()) as Pen,
    takePen: database.takePen,
    witness: port,
    keyring,
    numbering: createNumbering('entries'),
    recipientsOf: () => ['frankfurt'],
    epochOf: () => 1,
    overtaken: (why) => void ended.push(why),
    onFlushed: (rows) => void flushed.push(...rows),
    warn: (message) => void warnings.push(message),
    pendingRows: 1000,
    patienceMs: 5000,
    timers,
    ...over,
  })
  dispose = async () => {
    const closing = writer.close()
    await timers.pass(10_000)
    await closing
  }
  return {
    writer,
    timers,
    database: database.state,
    witness,
    flushed,
    ended,
    warnings,
    takePen: database.takePen,
  }
}

let count = 0
function plainRow(document = 'chart/1'): PlainRow {
  count += 1
  const subject = `AllergyIntolerance/${count}`
  return {
    document,
    subject,
    entryId: `entry-${count}`,
    homeGroup: 'group',
    author: 'somebody',
    lamport: count,
    plain: Buffer.from(subject),
  }
}

/** Lets time pass until a promise is settled; returns what it came to. */
async function soon<T>({ timers }: Setup, promise: Promise<T>, mostMs = 30_000): Promise<T> {
  let settled = false
  const done = () => {
    settled = true
  }
  promise.then(done, done)
  for (let passed = 0; passed < mostMs && !settled; passed += 100) await timers.pass(100)
  if (!settled) throw new Error(`nothing after ${mostMs} ms`)
  return promise
}

/** The log is one chain without gaps, each entry in it once, clocks without gaps. */
function expectWhole({ database }: Setup): void {
  let head = emptyHead('entries', origin)
  const clocks = new Map<string, number>()
  for (const row of database.rows.filter((one) => one.origin === origin)) {
    expect(follows(head, row)).toBe(true)
    head = { seq: row.seq, hash: row.hash }
    if (row.kind !== 'entry') continue
    expect(row.clock).toBe(clocks.get(row.document) ?? 0)
    clocks.set(row.document, row.clock + 1)
  }
  const ids = database.rows.filter((row) => row.kind === 'entry').map((row) => row.entryId)
  expect(new Set(ids).size).toBe(ids.length)
}

const outcomes = (answers: readonly AppendOutcome[]) => answers.map((answer) => answer.outcome)
const entriesIn = ({ database }: Setup) =>
  database.rows.filter((row) => row.kind === 'entry').map((row) => row.entryId)

test('ST70 nobody hears of rows before the statement has returned and the witness names the last of them', async () => {
  const region = await setUp()
  let store = () => {}
  let write = () => {}
  region.database.gate = new Promise<void>((resolve) => {
    store = resolve
  })
  region.witness.gate = new Promise<void>((resolve) => {
    write = resolve
  })
  let answered = false
  const appending = region.writer.append([plainRow(), plainRow()]).finally(() => {
    answered = true
  })
  const nothingTold = () => {
    expect(answered).toBe(false)
    expect(region.flushed).toEqual([])
    expect(region.writer.head().seq).toBe(0)
  }
  await region.timers.pass(0)
  nothingTold()
  store()
  await region.timers.pass(0)
  expect(region.database.rows).toHaveLength(3)
  nothingTold()
  write()
  expect(outcomes(await soon(region, appending))).toEqual(['committed', 'committed'])
  expect(region.witness.named.at(-1)?.seq).toBe(3)
  expect(region.writer.head().seq).toBe(3)
  expect(region.flushed.map(({ row }) => row.kind)).toEqual(['grant', 'entry', 'entry'])
  await soon(region, region.writer.append([plainRow()]))
  expect(region.flushed.map(({ row }) => row.kind)).toEqual(['grant', 'entry', 'entry', 'entry'])
})

test('ST71 a commit whose answer was lost is found in the log, answered and told once, and not stored twice', async () => {
  const region = await setUp()
  region.database.faults = ['after']
  const rows = [plainRow(), plainRow()]
  const answers = await soon(region, region.writer.append(rows))
  expect(outcomes(answers)).toEqual(['committed', 'committed'])
  expect(entriesIn(region)).toEqual(rows.map((row) => row.entryId))
  expect(region.flushed.filter(({ row }) => row.kind === 'entry')).toHaveLength(2)
  expect(region.witness.named.at(-1)?.seq).toBe(3)
  expect(outcomes(await soon(region, region.writer.append(rows)))).toEqual(['committed', 'committed'])
  expect(region.database.rows).toHaveLength(3)
  expectWhole(region)
})

test('ST72 a commit that was lost with its connection is not in the log, and is tried again under the same numbers', async () => {
  const region = await setUp()
  region.database.faults = ['before', 'before']
  const answers = await soon(region, region.writer.append([plainRow(), plainRow()]))
  expect(outcomes(answers)).toEqual(['committed', 'committed'])
  expect(region.database.rows.map((row) => row.seq)).toEqual([1, 2, 3])
  region.database.faults = ['before', 'before', 'before']
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['unavailable'])
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['committed'])
  expectWhole(region)
})

test('ST73 while the log cannot be read, a commit is indeterminate; when it can, what became of it is told', async () => {
  for (const fault of ['after', 'before'] as const) {
    const region = await setUp()
    region.database.faults = [fault]
    region.database.thenAway = true
    const row = plainRow()
    expect(outcomes(await soon(region, region.writer.append([row])))).toEqual(['indeterminate'])
    expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['unavailable'])
    expect(region.writer.trouble()).toContain('database')
    expect(region.writer.isCurrent()).toBe(false)
    expect(region.flushed).toEqual([])
    region.database.away = false
    await region.timers.pass(3000)
    expect(region.writer.trouble()).toBeUndefined()
    expect(entriesIn(region)).toEqual(fault === 'after' ? [row.entryId] : [])
    expect(region.flushed.some((one) => one.row.entryId === row.entryId)).toBe(fault === 'after')
    expect(outcomes(await soon(region, region.writer.append([row])))).toEqual(['committed'])
    expect(entriesIn(region)).toEqual([row.entryId])
    expectWhole(region)
    await region.writer.close()
  }
})

test('ST74 while the witness cannot be written nothing is acknowledged and nothing more committed; it goes on by itself', async () => {
  const region = await setUp()
  region.witness.fails = 'ENOSPC'
  const first = plainRow()
  expect(await soon(region, region.writer.append([first]))).toMatchObject([
    { outcome: 'indeterminate', detail: expect.stringContaining('the disk of the state folder is full') },
  ])
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['unavailable'])
  expect(region.writer.trouble()).toContain('witness')
  expect(region.writer.head().seq).toBe(0)
  expect(region.flushed).toEqual([])
  expect(entriesIn(region)).toEqual([first.entryId])
  expect(region.warnings).toHaveLength(1)
  region.witness.fails = undefined
  await region.timers.pass(2000)
  expect(region.writer.trouble()).toBeUndefined()
  expect(region.flushed.map(({ row }) => row.entryId)).toContain(first.entryId)
  expect(region.witness.named.map((head) => head.seq)).toEqual([2])
  expect(outcomes(await soon(region, region.writer.append([first, plainRow()])))).toEqual([
    'committed',
    'committed',
  ])
  expectWhole(region)
})

test('ST74 callers whose group is witnessed within their patience hear that it is committed', async () => {
  const region = await setUp()
  region.witness.fails = 'ENOENT'
  const appending = region.writer.append([plainRow()])
  await region.timers.pass(1000)
  region.witness.fails = undefined
  expect(outcomes(await soon(region, appending))).toEqual(['committed'])
})

test('ST75 a session that has lost the pen stores nothing; the pen is taken again, and nothing is lost', async () => {
  const region = await setUp()
  await soon(region, region.writer.append([plainRow()]))
  region.database.holder = undefined
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['committed'])
  expect(region.database.holder).toBe('session 2')
  region.database.holder = undefined
  await region.timers.pass(3000)
  expect(region.database.holder).toBe('session 3')
  expect(region.writer.trouble()).toBeUndefined()
  region.database.holder = undefined
  region.database.holder = 'somebody'
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['indeterminate'])
  expect(region.writer.trouble()).toContain('holds the pen')
  region.database.holder = undefined
  await region.timers.pass(2000)
  expect(region.ended).toEqual([])
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['committed'])
  expectWhole(region)
})

test('ST76 who finds another process in possession writes nothing more, names nothing in the witness, and ends', async () => {
  for (const how of ['has the pens', 'has written', 'has begun an incarnation'] as const) {
    const region = await setUp()
    await soon(region, region.writer.append([plainRow()]))
    const named = region.witness.named.length
    const told = region.flushed.length
    region.database.holder = undefined
    if (how === 'has the pens') region.database.takenOver = true
    else {
      const last = region.database.rows.at(-1)!
      const other = how === 'has written' ? { seq: last.seq + 1 } : { origin: 'frankfurt.2', seq: 1 }
      region.database.rows.push({ ...last, ...other, entryId: 'theirs', hash: Buffer.alloc(32, 9) })
    }
    const stored = region.database.rows.length
    expect(outcomes(await soon(region, region.writer.append([plainRow()])))).not.toContain('committed')
    await region.timers.pass(3000)
    expect(region.ended).toHaveLength(1)
    expect(region.writer.trouble()).toContain('started anew')
    expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['unavailable'])
    await expect(soon(region, region.writer.beginIncarnation('frankfurt.3'))).rejects.toThrow('started anew')
    expect(region.database.rows).toHaveLength(stored)
    expect(region.witness.named).toHaveLength(named)
    expect(region.flushed).toHaveLength(told)
    await region.writer.close()
  }
})

test('ST76 what it committed just before is neither acknowledged nor witnessed by it', async () => {
  const region = await setUp()
  region.database.faults = ['after']
  const row = plainRow()
  const appending = region.writer.append([row])
  region.database.takenOver = true
  expect(outcomes(await soon(region, appending))).toEqual(['indeterminate'])
  expect(entriesIn(region)).toEqual([row.entryId])
  expect(region.witness.named).toEqual([])
  expect(region.flushed).toEqual([])
})

test('ST76 what it committed is indeterminate to it once another process has written behind it', async () => {
  const region = await setUp()
  region.database.faults = ['after']
  region.database.thenAway = true
  const appending = region.writer.append([plainRow()])
  await region.timers.pass(0)
  const last = region.database.rows.at(-1)!
  region.database.rows.push({ ...last, seq: last.seq + 1, entryId: 'theirs', hash: Buffer.alloc(32, 9) })
  region.database.away = false
  expect(outcomes(await soon(region, appending))).toEqual(['indeterminate'])
  expect(region.ended).toHaveLength(1)
})

test('ST76 a row in the place of the next one, whoever put it there, ends it too', async () => {
  const region = await setUp()
  await soon(region, region.writer.append([plainRow()]))
  const last = region.database.rows.at(-1)!
  region.database.rows.push({ ...last, seq: last.seq + 1, entryId: 'theirs', hash: Buffer.alloc(32, 9) })
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).not.toContain('committed')
  expect(region.ended).toHaveLength(1)
})

test('ST77 a group that the database refuses stores nothing, is told why, and uses up no number', async () => {
  const region = await setUp()
  region.database.faults = ['full', 'refused']
  expect(await soon(region, region.writer.append([plainRow()]))).toMatchObject([
    { outcome: 'unavailable', detail: expect.stringContaining('disk of the database is full') },
  ])
  expect(region.writer.trouble()).toContain('disk')
  expect(await soon(region, region.writer.append([plainRow()]))).toMatchObject([
    { outcome: 'unavailable', detail: expect.stringContaining('refused') },
  ])
  await region.timers.pass(15_000)
  expect(region.writer.trouble()).toBeUndefined()
  await soon(region, region.writer.append([plainRow()]))
  expect(region.database.rows.map((one) => one.seq)).toEqual([1, 2])
  expectWhole(region)
})

test('ST78 the session that holds the pen says every second that its process lives, also while a group waits', async () => {
  const region = await setUp()
  let store = () => {}
  region.database.gate = new Promise<void>((resolve) => {
    store = resolve
  })
  await region.timers.pass(5000)
  expect(region.database.beats).toBe(5)
  const appending = region.writer.append([plainRow()])
  await region.timers.pass(10_000)
  expect(region.database.beats).toBe(15)
  expect(region.writer.isCurrent()).toBe(true)
  expect(region.writer.trouble()).toBeUndefined()
  store()
  expect(outcomes(await soon(region, appending))).toEqual(['committed'])
})

test('ST79 a process that was stopped does not count as the writer before its pen is confirmed', async () => {
  let jump = 0
  const timers = manualTimers()
  const region = await setUp({ timers: { ...timers, now: () => timers.now() + jump } })
  await timers.pass(2500)
  expect(region.writer.isCurrent()).toBe(true)
  jump = 60_000
  expect(region.writer.isCurrent()).toBe(false)
  expect(region.writer.trouble()).toContain('has not heard for')
  await timers.pass(1000)
  expect(region.writer.isCurrent()).toBe(true)
  expect(region.writer.trouble()).toBeUndefined()
  await region.writer.close()
})

test('ST80 a new incarnation is begun only by who has the pen and wrote all of the old one, and before any other row', async () => {
  const region = await setUp()
  await soon(region, region.writer.append([plainRow()]))
  region.witness.fails = 'EROFS'
  let begun = false
  const beginning = region.writer.beginIncarnation('frankfurt.2').finally(() => {
    begun = true
  })
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['unavailable'])
  expect(region.database.rows).toHaveLength(2)
  expect(begun).toBe(false)
  region.witness.fails = undefined
  const left = await soon(region, beginning)
  expect(left).toMatchObject({ origin, head: { seq: 2 } })
  expect(region.writer.origin()).toBe('frankfurt.2')
  await soon(region, region.writer.append([plainRow('chart/2')]))
  expect(region.database.rows.at(-1)).toMatchObject({ origin: 'frankfurt.2', seq: 2 })

  region.database.holder = undefined
  region.database.takenOver = true
  await expect(soon(region, region.writer.beginIncarnation('frankfurt.3'))).rejects.toThrow('taken over')
  expect(region.writer.origin()).toBe('frankfurt.2')
  expect(region.ended).toHaveLength(1)
})

test('ST80 the last rows of the old incarnation are witnessed before the new one begins', async () => {
  const region = await setUp()
  region.witness.fails = 'ENOSPC'
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['indeterminate'])
  const beginning = region.writer.beginIncarnation('frankfurt.2')
  region.witness.fails = undefined
  region.witness.failures = 1
  expect(await soon(region, beginning)).toMatchObject({ origin, head: { seq: 2 } })
  expect(region.witness.named.map((head) => head.seq)).toEqual([2, 0])
})

test('ST75 what becomes of a session that was given up is of no account', async () => {
  const region = await setUp()
  let fail = (_: Error) => {}
  region.database.beatGate = new Promise((_, reject) => {
    fail = reject
  })
  await region.timers.pass(1000)
  region.database.beatGate = Promise.resolve()
  region.database.holder = undefined
  expect(outcomes(await soon(region, region.writer.append([plainRow()])))).toEqual(['committed'])
  fail(Object.assign(new Error('gone'), { code: 'CONNECTION_ENDED' }))
  await region.timers.pass(0)
  expect(region.writer.trouble()).toBeUndefined()
  expect(region.warnings).toEqual([])
})

test('ST80 rows about keys are committed like others, and it is told whether they were', async () => {
  const region = await setUp()
  await soon(region, region.writer.append([plainRow()]))
  const grant = {
    keyId: 'k',
    scope: 'patient/1',
    homeGroup: 'group',
    recipients: ['london'],
    wrapped: Buffer.from('k'),
  }
  const rows = [grantRow({ epochOf: () => 1 }, grant)]
  expect(await soon(region, region.writer.state(rows))).toBe(true)
  expect(region.database.rows.at(-1)).toMatchObject({ kind: 'grant', seq: 3 })
  region.database.faults = ['refused']
  expect(await soon(region, region.writer.state(rows))).toBe(false)
  expectWhole(region)
})

test('ST77 more rows than may wait, and rows for a server that is closing, are turned away at once', async () => {
  const region = await setUp({ pendingRows: 2 })
  const three = [plainRow(), plainRow(), plainRow()]
  expect(outcomes(await region.writer.append(three))).toEqual(['unavailable', 'unavailable', 'unavailable'])
  expect(outcomes(await soon(region, region.writer.append(three.slice(1))))).toEqual([
    'committed',
    'committed',
  ])
  const last = region.writer.append(three.slice(0, 1))
  const closing = region.writer.close()
  expect(outcomes(await region.writer.append([plainRow()]))).toEqual(['unavailable'])
  expect(outcomes(await soon(region, last))).toEqual(['committed'])
  await closing
  expect(region.database.holder).toBeUndefined()
})
