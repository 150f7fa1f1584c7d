import * as Y from 'yjs'
import type { Commit } from '../../domain/entries/entry.ts'
import { entriesMap } from '../../domain/entries/items.ts'
import {
  decodeFrame,
  encodeFrame,
  type Frame,
  type FrameVector,
  type RefusalCode,
} from '../../domain/wire/wire.ts'
import { type ClientWire, connectDevice, type Gate } from './client-wire.ts'
import type { Sample } from './proposals.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

/**
 * A device. It keeps what it proposed until a second region has flushed it, proposes it again on every new connection,
 * and moves to another region when it gets no answer. It catches up with the documents in its scope, and shows
 * each region how far it has come. What a region says of others it believes of what was acknowledged on the same
 * connection: a region whose disk and witness were put back writes other rows under the same numbers.
 */
export type Device = {
  propose(sample: Sample): void
  proposals: ReadonlyMap<string, Proposed>
  /** Ids of the entries that it holds of a document. */
  entriesOf(document: string): Set<string>
  /** Its network breaks off. */
  cutOff(): void
  /** From now on it stays with its own region, waits, and gives nothing up. */
  settleDown(): void
  /** Has everything been answered since it settled down? */
  isQuiet(): boolean
}

export type Proposed = {
  sample: Sample
  acknowledged: (Commit & { by: string }) | undefined
  /** Another region than the one that acknowledged it has flushed it: the device need not keep it any more. */
  isSafe: boolean
  /** A try was never answered, or by "nobody knows": it may be stored, whatever is answered to the next one. */
  mayBeStored: boolean
  /** The code by which it was refused for good; `given up` if the device did not try again. */
  end: RefusalCode | 'given up' | undefined
}

export type DeviceDeps = {
  name: string
  home: string
  regions: readonly string[]
  documents: readonly string[]
  gateOf(region: string): Gate | undefined
  schedule: Schedule
  random: Random
}

/** Refusals that another try may turn: the region was busy, or had not heard of the patient yet. */
const worthAnotherTry = new Set<RefusalCode>(['busy', 'unavailable', 'indeterminate', 'unknown-document'])
const catchUpMs = 3000

type Connection = {
  region: string
  wire: ClientWire
  isOpen: boolean
  unanswered: Map<string, number>
  /** The catch-up that is under way. */
  asked: { target: FrameVector; proof: string } | undefined
  /** What was acknowledged on this connection. */
  acknowledged: Map<string, Commit>
  replicated: { [region: string]: FrameVector }
}

export function createDevice(deps: DeviceDeps): Device {
  const { name, regions, schedule, random } = deps
  const proposals = new Map<string, Proposed>()
  const held = new Map(deps.documents.map((document) => [document, new Y.Doc()]))
  /** Documents of which nothing is held, or not all up to the cursor. */
  const unread = new Set(deps.documents)
  let cursor = { target: {} as FrameVector, proof: '' }
  let request = 0
  let region = deps.home
  let current: Connection | undefined
  let isSettled = false
  let stopWaiting = () => {}

  function connect(): void {
    const mine: Connection = {
      region,
      isOpen: false,
      unanswered: new Map(),
      asked: undefined,
      acknowledged: new Map(),
      replicated: {},
      wire: connectDevice(
        deps.gateOf(region),
        {
          opened() {
            mine.isOpen = true
            submit([...proposals.values()].filter(isKept))
            catchUp(mine)
          },
          message: (bytes) => {
            const frame = decodeFrame(bytes)
            if (frame && current === mine) hear(mine, frame)
          },
          closed: () => {
            if (current === mine) leave()
          },
        },
        { schedule, random },
      ),
    }
    current = mine
    leaveIfSilent()
  }

  /** Gives this connection up. What was not answered on it may have been stored. */
  function leave(): void {
    const left = current
    if (!left) return
    stopWaiting()
    for (const [id, tries] of left.unanswered) if (tries > 0) proposals.get(id)!.mayBeStored = true
    left.wire.drop()
    current = undefined
    if (isSettled) region = deps.home
    else if (random.chance(0.4)) region = random.pick(regions)
    schedule.after(random.between(20, 1500), connect)
  }

  function leaveIfSilent(): void {
    stopWaiting()
    stopWaiting = schedule.after(random.between(2500, 9000), () => {
      const waits = !current?.isOpen || [...current.unanswered.values()].some((tries) => tries > 0)
      if (waits && (isSettled || random.chance(0.8))) leave()
      else leaveIfSilent()
    })
  }

  function submit(wanted: readonly Proposed[]): void {
    if (!current?.isOpen || wanted.length === 0) return
    for (const { sample } of wanted) {
      const { id } = sample.proposal
      current.unanswered.set(id, (current.unanswered.get(id) ?? 0) + 1)
    }
    schedule.trace(`${name} submits ${wanted.length} to ${current.region}`)
    const list = wanted.map(({ sample }) => sample.proposal)
    current.wire.send(encodeFrame({ channel: 0, type: 'submit', proposals: list }))
  }

  function catchUp(mine: Connection): void {
    if (current !== mine) return
    request += 1
    mine.asked = { target: {}, proof: '' }
    const scope = deps.documents.map(
      (document) => ({ document, state: unread.has(document) ? 'new' : 'held' }) as const,
    )
    const { target, proof } = cursor
    mine.wire.send(
      encodeFrame({ channel: 0, type: 'catch-up', request, proof, cursor: target, target: {}, scope }),
    )
    schedule.after(random.between(0.5, 1.5) * catchUpMs, () => catchUp(mine))
  }

  function hear(from: Connection, frame: Frame): void {
    switch (frame.type) {
      case 'ack':
        for (const { id, origin, seq, epoch } of frame.acks) {
          const proposed = answered(from, id)
          proposed.acknowledged = { origin, seq, epoch, by: from.region }
          from.acknowledged.set(id, { origin, seq, epoch })
          // A try that had been given up was taken after all.
          if (proposed.end === 'given up') proposed.end = undefined
          schedule.trace(`${name} has ${id.slice(0, 6)} acknowledged by ${from.region} as ${origin}#${seq}`)
        }
        return
      case 'refuse':
        for (const { id, code } of frame.refusals) refused(from, answered(from, id), code)
        return
      case 'replicated':
        from.replicated = frame.regions
        forgetWhatIsSafe(from)
        return
      case 'target':
        if (frame.request === request && from.asked) from.asked = { target: frame.target, proof: frame.proof }
        return
      case 'gone':
        held.set(frame.document, new Y.Doc())
        unread.add(frame.document)
        schedule.trace(`${name} is to read ${frame.document} anew`)
        return
      case 'part':
        if (frame.request === request) Y.applyUpdate(held.get(frame.document)!, frame.update)
        return
      case 'caught-up':
        if (frame.request === request && from.asked) caughtUp(from, from.asked)
    }
  }

  function caughtUp(from: Connection, { target, proof }: NonNullable<Connection['asked']>): void {
    cursor = { target, proof }
    unread.clear()
    schedule.trace(`${name} has caught up with ${from.region}: ${JSON.stringify(target)}`)
  }

  function forgetWhatIsSafe({ region, acknowledged, replicated }: Connection): void {
    for (const [id, commit] of acknowledged) {
      const proposed = proposals.get(id)!
      if (proposed.isSafe || !isElsewhere({ ...commit, by: region }, replicated)) continue
      proposed.isSafe = true
      schedule.trace(`${name} hears that ${id.slice(0, 6)} is elsewhere too`)
    }
  }

  function answered(from: Connection, id: string): Proposed {
    from.unanswered.set(id, (from.unanswered.get(id) ?? 0) - 1)
    return proposals.get(id)!
  }

  function refused(from: Connection, proposed: Proposed, code: RefusalCode): void {
    const { id } = proposed.sample.proposal
    schedule.trace(`${name} has ${id.slice(0, 6)} refused by ${from.region}: ${code}`)
    const isAskedAgain = (from.unanswered.get(id) ?? 0) > 0
    if (code === 'indeterminate' || isAskedAgain) proposed.mayBeStored = true
    if (!worthAnotherTry.has(code)) proposed.end = code
    else if (mayGiveUp(proposed) && random.chance(0.15)) proposed.end = 'given up'
    else
      schedule.after(random.between(200, 2000), () => {
        if (isKept(proposed)) submit([proposed])
      })
  }

  function mayGiveUp({ sample, acknowledged }: Proposed): boolean {
    return !isSettled && !acknowledged && !sample.isNeeded
  }

  connect()
  return {
    proposals,
    entriesOf: (document) =>
      new Set([...held.get(document)!.getMap(entriesMap).keys()].map((key) => key.split('@')[0]!)),
    propose(sample) {
      const proposed: Proposed = {
        sample,
        acknowledged: undefined,
        isSafe: false,
        mayBeStored: false,
        end: undefined,
      }
      proposals.set(sample.proposal.id, proposed)
      submit([proposed])
    },
    cutOff: leave,
    settleDown() {
      isSettled = true
      region = deps.home
      leave()
    },
    isQuiet() {
      const connection = current
      if (!isSettled || !connection?.isOpen) return false
      const isAnswered = ({ sample, acknowledged }: Proposed) =>
        acknowledged && connection.unanswered.get(sample.proposal.id) === 0
      return [...proposals.values()].every((proposed) => !isKept(proposed) || isAnswered(proposed))
    },
  }
}

function isKept({ end, isSafe }: Proposed): boolean {
  return end === undefined && !isSafe
}

/** Has another region than the one that acknowledged it flushed this commit? */
function isElsewhere(
  { origin, seq, by }: Commit & { by: string },
  regions: { [region: string]: FrameVector },
): boolean {
  return Object.entries(regions).some(([region, vector]) => region !== by && (vector[origin] ?? 0) >= seq)
}
