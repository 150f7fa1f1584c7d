import * as Y from 'yjs'
import { entriesMap } from '../../domain/entries/items.ts'
import { clientIdOf } from '../../domain/entries/origin.ts'
import { closeCodes } from '../../domain/wire/wire.ts'
import { decodeMessage, step1Message, step2Message } from '../../sync-server/gateway/messages.ts'
import { type ClientWire, connectDevice, type Gate } from './client-wire.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

/** A device that reads one document as y-websocket does, keeps it, and goes on in whatever region answers. */
export type Reader = {
  document: string
  region(): string
  /** Keys of the items that it shows. */
  items(): string[]
  /** Is there an item at this clock of this origin? Perhaps another one than the region has there. */
  holds(origin: string, clock: number): boolean
  /** Items that wait for others, which never happens where clocks come without gaps. */
  hasGap(): boolean
  cutOff(): void
  /** From now on it stays with this region. */
  settleDown(region: string): void
}

export type ReaderDeps = {
  document: string
  home: string
  regions: readonly string[]
  gateOf(region: string): Gate | undefined
  schedule: Schedule
  random: Random
}

export function createReader(deps: ReaderDeps): Reader {
  const { document, regions, schedule, random } = deps
  let doc = new Y.Doc()
  let region = deps.home
  let isSettled = false
  let current: ClientWire | undefined

  function connect(): void {
    const mine = connectDevice(
      deps.gateOf(region),
      {
        opened: () => mine.send(step1Message(Y.encodeStateVector(doc))),
        message: (bytes) => {
          if (current === mine) hear(mine, bytes)
        },
        closed: (code) => {
          if (current !== mine) return
          if (code === closeCodes.startAnew) doc = new Y.Doc()
          leave()
        },
      },
      { schedule, random, bufferedBound: random.chance(0.3) ? 2000 : 1024 * 1024 },
    )
    current = mine
  }

  function hear(from: ClientWire, bytes: Uint8Array): void {
    const message = decodeMessage(bytes)
    if (message?.type === 'step1') from.send(step2Message(Y.encodeStateAsUpdate(doc, message.stateVector)))
    else if (message?.type === 'step2' || message?.type === 'update') Y.applyUpdate(doc, message.update)
  }

  function leave(): void {
    if (!current) return
    current.drop()
    current = undefined
    if (!isSettled && random.chance(0.4)) region = random.pick(regions)
    schedule.after(random.between(20, 1500), connect)
  }

  connect()
  return {
    document,
    region: () => region,
    items: () => [...doc.getMap(entriesMap).keys()].sort(),
    holds: (origin, clock) => clock < Y.getState(doc.store, clientIdOf(origin)),
    hasGap: () => doc.store.pendingStructs !== null,
    cutOff: leave,
    settleDown(last) {
      isSettled = true
      region = last
      leave()
    },
  }
}
