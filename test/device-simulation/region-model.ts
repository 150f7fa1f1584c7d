import {
  closeCodes,
  encodeFrame,
  type Frame,
  type FrameVector,
  type RefusalCode,
  type WritableFrame,
} from '../../domain/wire/wire.ts'
import type { Random } from '../simulation/random.ts'
import type { Schedule } from '../simulation/schedule.ts'

/**
 * A region as a device sees it: it flushes before it acknowledges, takes an entry once, replicates in order, tells what the
 * others have flushed, answers catch-up by rows, dies, and loses the end of its disk. What it does inside is simulated
 * elsewhere (`test/simulation`); here it is the truth against which the device is held.
 */
export type RegionModel = {
  name: string
  isUp(): boolean
  takesWrites(): boolean
  /** Ids that this region has, or once had, on its disk. */
  everHeld: ReadonlySet<string>
  /** Rows that are on its disk, of any origin. */
  rows(): Row[]
  /** A device connects; undefined if nobody answers. */
  connect(link: DeviceLink): { receive(frame: Frame): void; closed(): void } | undefined
  die(): void
  start(): void
  /** The disk is put back to what it held so many rows ago; the region goes on as a new incarnation. */
  restore(lost: number): void
  setTakesWrites(takes: boolean): void
  /** Takes from another region what it has and this one lacks. */
  follow(peer: RegionModel): void
}

export type Row = { id: string; document: string; origin: string; seq: number }

export type DeviceLink = { send(bytes: Uint8Array): void; close(code: number): void }

export type RegionModelDeps = {
  name: string
  schedule: Schedule
  random: Random
  /** Why an entry can never be accepted, wherever it is proposed. */
  verdict(id: string): RefusalCode | undefined
  documentOf(text: string): string
}

type Client = { link: DeviceLink; open: boolean }

export function createRegionModel(deps: RegionModelDeps): RegionModel {
  const { name, schedule, random } = deps
  let incarnation = 1
  let disk: Row[] = []
  let up = true
  let writes = true
  let life = 0
  const everHeld = new Set<string>()
  const clients = new Set<Client>()
  /** What other regions have said that they flushed. */
  const said = new Map<string, FrameVector>()

  const say = (client: Client, frame: WritableFrame) => {
    if (client.open) client.link.send(encodeFrame(frame))
  }
  const store = (row: Row) => {
    disk.push(row)
    everHeld.add(row.id)
  }
  const vectorOf = (rows: readonly Row[]): FrameVector => {
    const vector: FrameVector = {}
    for (const { origin, seq } of rows) vector[origin] = Math.max(vector[origin] ?? 0, seq)
    return vector
  }

  const tellReplicated = (client: Client) =>
    say(client, { channel: 0, type: 'replicated', regions: Object.fromEntries(said) })

  /** Commits one by one; what was not flushed when the process dies is not there. */
  const submit = (client: Client, { proposals }: Extract<Frame, { type: 'submit' }>) => {
    const mine = life
    for (const { id, text } of proposals)
      schedule.after(random.between(1, 60), () => {
        if (mine !== life) return
        // Whichever region has committed it: this one has it too.
        const known = disk.find((row) => row.id === id)
        if (known) return acknowledge(client, known)
        const verdict = deps.verdict(id)
        if (verdict) return refuse(client, id, verdict)
        if (!writes) return refuse(client, id, 'unavailable', true)
        if (random.chance(0.08)) return refuse(client, id, 'busy', true)
        if (random.chance(0.04)) return refuse(client, id, 'unknown-document')
        const origin = `${name}.${incarnation}`
        const seq = (vectorOf(disk)[origin] ?? 0) + 1
        store({ id, document: deps.documentOf(text), origin, seq })
        // The process may die between the flush and the answer.
        schedule.after(random.between(0.5, 5), () => {
          const row = disk.find((one) => one.id === id && one.origin === origin)
          if (mine === life && row) acknowledge(client, row)
        })
      })
  }

  const acknowledge = (client: Client, { id, origin, seq }: Row) =>
    say(client, { channel: 0, type: 'ack', acks: [{ id, origin, seq, epoch: 1 }] })
  const refuse = (client: Client, id: string, code: RefusalCode, retry = false) =>
    say(client, { channel: 0, type: 'refuse', refusals: [{ id, code, detail: '', retry }] })

  /** Rows of a document that are newer than the cursor, as a frame of their names: devices store without opening. */
  const catchUp = (client: Client, asked: Extract<Frame, { type: 'catch-up' }>) => {
    const { request } = asked
    const here = vectorOf(disk)
    const isAhead = Object.entries(asked.cursor).some(
      ([origin, seq]) => origin.startsWith(`${name}.`) && seq > (here[origin] ?? 0),
    )
    const goesOn = Object.keys(asked.target).length > 0
    const target = goesOn ? lesserOf(asked.target, here) : here
    say(client, { channel: 0, type: 'target', request, proof: 'p', target })
    for (const { document, state } of asked.scope) {
      if (state === 'done' && !isAhead) continue
      if (isAhead && state === 'held')
        say(client, { channel: 0, type: 'gone', document, code: closeCodes.startAnew, reason: '' })
      const from = state === 'held' && !isAhead ? asked.cursor : {}
      const rows = disk.filter((row) => row.document === document && row.seq > (from[row.origin] ?? 0))
      const update = new TextEncoder().encode(JSON.stringify(rows))
      if (rows.length > 0) say(client, { channel: 0, type: 'part', request, document, last: true, update })
    }
    say(client, { channel: 0, type: 'caught-up', request })
  }

  /** A client that goes on where it was cut off keeps its target, as far as it can be reached here. */
  const lesserOf = (target: FrameVector, here: FrameVector): FrameVector =>
    Object.fromEntries(
      Object.entries(target).map(([origin, seq]) => [origin, Math.min(seq, here[origin] ?? 0)]),
    )

  const endAll = () => {
    for (const client of clients) {
      client.open = false
      client.link.close(1006)
    }
    clients.clear()
  }

  const tick = () => {
    for (const client of clients) tellReplicated(client)
    schedule.after(random.between(300, 3000), tick)
  }
  schedule.after(random.between(0, 1000), tick)

  const model: RegionModel = {
    name,
    isUp: () => up,
    takesWrites: () => writes,
    everHeld,
    rows: () => [...disk],
    connect(link) {
      if (!up) return undefined
      const client: Client = { link, open: true }
      clients.add(client)
      tellReplicated(client)
      return {
        receive(frame) {
          if (!client.open) return
          if (frame.type === 'submit') submit(client, frame)
          else if (frame.type === 'catch-up') catchUp(client, frame)
        },
        closed() {
          client.open = false
          clients.delete(client)
        },
      }
    },
    die() {
      up = false
      life += 1
      endAll()
    },
    start() {
      up = true
    },
    restore(lost) {
      life += 1
      endAll()
      const own = disk.filter((row) => row.origin.startsWith(`${name}.`))
      const gone = new Set(own.slice(Math.max(0, own.length - lost)))
      disk = disk.filter((row) => !gone.has(row))
      said.clear()
      incarnation += 1
    },
    setTakesWrites(takes) {
      writes = takes
    },
    follow(peer) {
      if (!up || !peer.isUp()) return
      const mine = vectorOf(disk)
      for (const row of peer.rows()) {
        const next = (mine[row.origin] ?? 0) + 1
        if (row.seq !== next) continue
        store(row)
        mine[row.origin] = next
      }
      const flushed = vectorOf(peer.rows())
      said.set(peer.name, flushed)
    },
  }
  return model
}
