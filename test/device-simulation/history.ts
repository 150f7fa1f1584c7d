import { canonicalJson, type Json } from '../../domain/entries/canonical.ts'
import { entryId } from '../../domain/entries/entry.ts'
import type { Ladder } from '../../renderer/sync/ladder.ts'
import { sampleAllergy } from '../../renderer/sync/sample-allergy.ts'
import { createRandom, type Random } from '../simulation/random.ts'
import { createSchedule } from '../simulation/schedule.ts'
import { openSimulatedWindow, type Reachability, type SimulatedWindow } from './device.ts'
import { createProfile } from './profile.ts'
import { createRegionModel, type RegionModel, type Row } from './region-model.ts'

/**
 * One history of a device, made from a seed: windows that are opened, closed and killed while somebody works in them,
 * links that are cut or swallow everything, regions that die, refuse, and lose the end of a disk. Then all is healed, and
 * what the device promised is held against what the regions have.
 */
export type Outcome = {
  seed: number
  /** What was found to be wrong; empty if all promises were kept. */
  violations: string[]
  hash: string
  events: number
  /** Changes that reached *on this device*. */
  kept: number
  /** Of these, refused for good. */
  parked: number
  moves: number
  kills: number
}

const names = ['frankfurt', 'london', 'nairobi']
const patients = ['p1', 'p2', 'p3']
const troubleMs = 120_000
const healMs = 300_000

export async function simulateDevice(seed: number, tell?: (line: string) => void): Promise<Outcome> {
  const random = createRandom(seed)
  const schedule = createSchedule(tell)
  const violations = new Set<string>()
  const bad = new Set<string>()
  const documents = new Map<string, string>()
  const kept = new Set<string>()
  const dismissed = new Set<string>()
  const reach = new Map<string, Reachability>(names.map((name) => [name, 'open']))
  const broken = new Map<string, Set<() => void>>(names.map((name) => [name, new Set()]))
  const counts = { moves: 0, kills: 0 }

  const regions = names.map((name) =>
    createRegionModel({
      name,
      schedule,
      random,
      verdict: (id) => (bad.has(id) ? 'schema' : undefined),
      documentOf: (text) => documents.get(text) ?? '',
    }),
  )
  const profile = createProfile({
    schedule,
    random,
    // Another window gives a copy up while the one that leads writes down what it holds.
    touched(name) {
      if ((name === 'held' || name === 'forgotten') && schedule.now() < troubleMs && random.chance(0.03))
        alive(open, random, (window) => void window.catchUp.forget(`chart/${random.pick(patients)}`))
    },
  })
  const open: SimulatedWindow[] = []
  /** Windows that began when the disk had been full. */
  const late = new Set<SimulatedWindow>()
  let wasFull = false
  let made = 0

  const wrong = (what: string) => {
    if (!violations.has(what)) schedule.trace(`WRONG: ${what}`)
    violations.add(what)
  }

  async function openWindow() {
    const window = profile.open()
    const opened = await openSimulatedWindow({
      window,
      schedule,
      random,
      regions,
      reachOf: (region) => reach.get(region) ?? 'open',
      connected: (region, breakOff) => broken.get(region)?.add(breakOff),
      proposing(ids, ladder) {
        for (const id of ids)
          if (ladder.get(id)?.rung.at === 'refused')
            wrong(`${id.slice(0, 6)} is shown as refused, and on its way`)
      },
      patients,
    })
    let region = opened.regions.region()
    opened.regions.onChange(() => {
      if (opened.regions.region() !== region) counts.moves += 1
      region = opened.regions.region()
    })
    opened.changes.onChange(() => checkLadder(opened.changes.ladder(), regions, bad, wrong))
    if (wasFull) late.add(opened)
    open.push(opened)
    schedule.trace(`a window is open, ${open.length} now`)
  }

  async function propose(window: SimulatedWindow) {
    made += 1
    const entry = sampleAllergy(made, random.pick(patients))
    const id = entryId(entry)
    const text = canonicalJson(entry as unknown as Json)
    documents.set(text, entry.document)
    if (random.chance(0.12)) bad.add(id)
    const proposed = await window.changes.propose('p', [{ entry, about: 'an allergy' }])
    if (proposed.outcome === 'kept') kept.add(id)
    schedule.trace(`change ${made} ${id.slice(0, 6)} ${proposed.outcome}${bad.has(id) ? ', bad' : ''}`)
    // The screen shows it now: it is on the disk.
    if (proposed.outcome === 'kept' && !profile.outbox.has(id) && !isSafe(id, regions))
      wrong(`${id.slice(0, 6)} is shown and not kept`)
  }

  const acts: [number, () => void | Promise<void>][] = [
    [30, () => alive(open, random, (window) => void propose(window))],
    [6, () => (open.length < 3 ? void openWindow() : undefined)],
    [5, () => alive(open, random, (window) => leave(window, 'kill'))],
    [3, () => alive(open, random, (window) => leave(window, 'close'))],
    [8, () => setReach(random.pick(names), random.pick(['cut', 'blackhole', 'open', 'open']))],
    [3, () => setAll('cut')],
    [6, () => setAll('open')],
    [5, () => random.pick(regions).die()],
    [8, () => random.pick(regions).start()],
    [2, () => random.pick(regions).setTakesWrites(false)],
    [4, () => random.pick(regions).setTakesWrites(true)],
    // One region's disk only: what two regions have flushed, the device need not keep.
    [1, () => regions[seed % 3]?.restore(random.below(6))],
    [2, () => setFull()],
    [6, () => profile.setFull(false)],
    [3, () => alive(open, random, (window) => retryOne(window))],
    [3, () => alive(open, random, (window) => dismissOne(window))],
    // Two windows, two minds, at the same moment.
    [2, () => contradict()],
    [2, () => alive(open, random, (window) => void window.catchUp.forget(`chart/${random.pick(patients)}`))],
    [2, () => alive(open, random, (window) => window.regions.prefer(random.pick(names)))],
  ]

  function leave(window: SimulatedWindow, how: 'kill' | 'close') {
    schedule.trace(`a window is gone: ${how}`)
    counts.kills += how === 'kill' ? 1 : 0
    window[how]()
    open.splice(open.indexOf(window), 1)
  }
  function setReach(region: string, to: Reachability) {
    schedule.trace(`${region} is ${to}`)
    reach.set(region, to)
    if (to !== 'cut') return
    for (const breakOff of broken.get(region) ?? []) breakOff()
    broken.get(region)?.clear()
  }
  function setAll(to: Reachability) {
    for (const name of names) setReach(name, to)
  }
  function retryOne({ changes }: SimulatedWindow) {
    const id = refusedIn(changes.ladder())[0]
    if (id !== undefined) changes.retry(id)
  }
  function dismissOne({ changes }: SimulatedWindow) {
    const id = refusedIn(changes.ladder()).find((one) => bad.has(one))
    if (id === undefined) return
    dismissed.add(id)
    changes.dismiss(id)
  }
  function contradict() {
    alive(open, random, retryOne)
    alive(open, random, dismissOne)
  }
  function setFull() {
    wasFull = true
    profile.setFull(true)
  }
  /** On a disk that once was full it may still be there as on its way: then it is proposed again. */
  function isKeptAsRefused(id: string) {
    const stored = profile.outbox.get(id)
    return stored !== undefined && (wasFull || stored.rung.at === 'refused')
  }
  const replicate = () => {
    const [to, from] = [random.pick(regions), random.pick(regions)]
    if (to !== from) to.follow(from)
    schedule.after(random.between(50, 2000), replicate)
  }
  const act = () => {
    if (schedule.now() >= troubleMs) return
    const whole = acts.reduce((sum, [weight]) => sum + weight, 0)
    let at = random.below(whole)
    const chosen = acts.find(([weight]) => {
      at -= weight
      return at < 0
    })
    void chosen?.[1]()
    schedule.after(random.between(50, 4000), act)
  }

  await openWindowNow()
  schedule.after(0, replicate)
  schedule.after(0, act)
  await schedule.runUntil(troubleMs)

  schedule.trace('all is healed')
  setAll('open')
  profile.setFull(false)
  for (const region of regions) {
    region.start()
    region.setTakesWrites(true)
  }
  // Whoever comes later does not know what was said before; whoever stays knows all of it.
  if (seed % 2 === 0) for (const window of [...open]) leave(window, 'kill')
  if (open.length === 0) await openWindowNow()
  await schedule.runUntil(troubleMs + healMs)

  // Without room nobody can write down what a window that begins later would have to know.
  for (const { changes } of open.filter((window) => !late.has(window)))
    for (const { id, rung } of changes.ladder().values()) {
      if (rung.at === 'device') wrong(`${id.slice(0, 6)} is shown as on its way for ever`)
      if (rung.at === 'refused' && !isKeptAsRefused(id))
        wrong(`${id.slice(0, 6)} is shown as refused, and is not parked`)
    }
  const [last] = open
  if (!last) throw new Error('no window is open')
  const ladder = last.changes.ladder()
  for (const id of kept) {
    const isCommitted = regions.every((region) => region.rows().some((row) => row.id === id))
    const inOutbox = profile.outbox.get(id)
    const isParked = ladder.get(id)?.rung.at === 'refused' && isKeptAsRefused(id)
    const name = id.slice(0, 6)
    if (bad.has(id)) {
      if (isCommitted) wrong(`${name}, which cannot be accepted, was committed`)
      if (!isParked && !dismissed.has(id)) wrong(`${name} was refused, and is not parked`)
    } else {
      if (!isCommitted) wrong(`${name} is not in every region`)
      if (inOutbox) wrong(`${name} is everywhere, and still in the outbox`)
    }
  }
  for (const region of regions) {
    // A restored region goes on as another origin, and may commit anew what the others then bring back to it.
    const commits = region.rows().map(({ id, origin }) => `${id} ${origin}`)
    if (new Set(commits).size !== commits.length) wrong(`${region.name} has one change twice`)
  }
  checkCopies(profile, last, regions, wrong)

  async function openWindowNow() {
    const before = open.length
    schedule.after(0, () => void openWindow())
    for (let step = 0; open.length === before && step < 1000; step++)
      await schedule.runUntil(schedule.now() + 10)
  }

  return {
    seed,
    violations: [...violations],
    hash: schedule.hash(),
    events: schedule.events(),
    kept: kept.size,
    parked: [...kept].filter((id) => bad.has(id)).length,
    ...counts,
  }
}

function alive(
  open: readonly SimulatedWindow[],
  random: Random,
  act: (window: SimulatedWindow) => void,
): void {
  if (open.length > 0) act(random.pick(open))
}

function refusedIn(ladder: Ladder): string[] {
  return [...ladder.values()].filter(({ rung }) => rung.at === 'refused').map(({ id }) => id)
}

function isSafe(id: string, regions: readonly RegionModel[]): boolean {
  return regions.filter(({ everHeld }) => everHeld.has(id)).length > 1
}

/** What the ladder says was true when it was said: a region that is named has, or had, the entry on its disk. */
function checkLadder(
  ladder: Ladder,
  regions: readonly RegionModel[],
  bad: ReadonlySet<string>,
  wrong: (what: string) => void,
): void {
  for (const { id, rung } of ladder.values()) {
    if (rung.at === 'refused' && rung.code === 'schema' && !bad.has(id))
      wrong(`${id.slice(0, 6)} was never refused`)
    if (rung.at !== 'saved') continue
    for (const name of [rung.region, ...rung.also])
      if (!regions.find((region) => region.name === name)?.everHeld.has(id))
        wrong(`the ladder says that ${name} has ${id.slice(0, 6)}, which it never had`)
  }
}

/** A copy that counts as confirmed holds every row up to the cursor. */
function checkCopies(
  profile: ReturnType<typeof createProfile>,
  { catchUp }: SimulatedWindow,
  regions: readonly RegionModel[],
  wrong: (what: string) => void,
): void {
  const cursor = profile.values.get('cursor') as { target: { [origin: string]: number } } | undefined
  if (!cursor) {
    wrong('a device that is connected for minutes has no cursor')
    return
  }
  const rows = new Map(
    regions.flatMap((region) => region.rows()).map((row) => [`${row.origin}#${row.seq}`, row]),
  )
  for (const patient of patients) {
    const document = `chart/${patient}`
    if (catchUp.confirmedAt(document) === undefined) wrong(`${document} is not kept current`)
    const stored = (profile.copies.get(document) ?? []).flatMap(
      (update) => JSON.parse(new TextDecoder().decode(update)) as Row[],
    )
    const has = new Set(stored.map(({ origin, seq }) => `${origin}#${seq}`))
    for (const [key, row] of rows)
      if (row.document === document && row.seq <= (cursor.target[row.origin] ?? 0) && !has.has(key))
        wrong(`the copy of ${document} counts as confirmed and lacks ${key}`)
  }
}
