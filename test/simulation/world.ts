import * as Y from 'yjs'
import { decodeFrame } from '../../domain/wire/wire.ts'
import { decodeMessage } from '../../sync-server/gateway/messages.ts'
import type { Gate } from './client-wire.ts'
import { createDevice, type Device } from './device.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createNetwork, type Network } from './network.ts'
import { allDocuments, documentsOfPatient, sampleSize } from './proposals.ts'
import type { Random } from './random.ts'
import { createReader, type Reader } from './reader.ts'
import type { Schedule } from './schedule.ts'
import { createSimulatedRegion, type SimulatedRegion } from './simulated-region.ts'

/** Everything that a history is played with: regions, what connects them, and those who write and read. */
export type World = {
  schedule: Schedule
  random: Random
  regions: readonly SimulatedRegion[]
  network: Network
  devices: readonly Device[]
  readers: readonly Reader[]
  notes: NoteAck[]
  ledger: Ledger
}

/** A note update that a region said was stored. */
export type NoteAck = { region: string; origin: string; seq: number; at: number }

export const names = ['frankfurt', 'london', 'nairobi'] as const

export function createWorld(schedule: Schedule, random: Random): World {
  const regions: SimulatedRegion[] = []
  const databases = new Map<string, SimulatedRegion['database']>()
  const ledger = createLedger(databases, schedule)
  const network = createNetwork({
    schedule,
    random,
    sent: (from, _, message) => {
      if (message.type !== 'vector')
        schedule.trace(
          `${from} ${message.type} ${message.strand} ${'rows' in message ? message.rows.length : ''}`,
        )
      ledger.said(from, message)
    },
  })
  for (const name of names) {
    const region = createSimulatedRegion({ name, regions: names, network, schedule, random })
    databases.set(name, region.database)
    regions.push(region)
  }

  const gateOf = (name: string, document?: string): Gate | undefined => {
    const open = regions.find((region) => region.name === name)?.open()
    return (
      open && {
        process: open.server.process,
        serve: (socket) => open.serve(document, socket),
        said: (bytes) =>
          document === undefined ? saidFrame(ledger, name, bytes) : saidItems(ledger, name, bytes),
      }
    )
  }
  const devices = Array.from({ length: 4 }, (_, i) =>
    createDevice({
      name: `device ${i}`,
      home: names[i % names.length]!,
      regions: names,
      gateOf,
      documents: allDocuments,
      schedule,
      random,
    }),
  )
  const readers = Array.from({ length: 4 }, (_, i) => {
    const document = random.pick(documentsOfPatient(i % sampleSize.patients))
    return createReader({
      document,
      home: random.pick(names),
      regions: names,
      gateOf: (name) => gateOf(name, document),
      schedule,
      random,
    })
  })
  return { schedule, random, regions, network, devices, readers, notes: [], ledger }
}

function saidFrame(ledger: Ledger, region: string, bytes: Uint8Array): void {
  const frame = decodeFrame(bytes)
  if (frame?.type === 'ack')
    for (const { id, origin, seq } of frame.acks) ledger.acknowledged(region, id, origin, seq)
  else if (frame?.type === 'replicated')
    for (const [other, vector] of Object.entries(frame.regions)) ledger.vouched(region, other, vector)
  else if (frame?.type === 'part') shown(ledger, region, frame.update)
}

function saidItems(ledger: Ledger, region: string, bytes: Uint8Array): void {
  const message = decodeMessage(bytes)
  if (message?.type === 'step2' || message?.type === 'update') shown(ledger, region, message.update)
}

function shown(ledger: Ledger, region: string, update: Uint8Array): void {
  for (const struct of Y.decodeUpdate(update).structs)
    if (struct instanceof Y.Item && struct.parentSub && struct.content instanceof Y.ContentAny) {
      const [value] = struct.content.arr as { commit: { origin: string; seq: number } }[]
      ledger.shown(region, struct.parentSub.split('@')[0]!, value!.commit.origin, value!.commit.seq)
    }
}
