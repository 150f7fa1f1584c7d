import { itemKey } from '../../domain/entries/items.ts'
import { type Line, lines } from '../../sync-server/store/line.ts'
import { emptyHead, follows } from '../../sync-server/store/log-row.ts'
import type { Plan } from './chaos.ts'
import { headsIn, rowAt, rowsIn } from './disk.ts'
import { allDocuments } from './proposals.ts'
import type { SimulatedRegion } from './simulated-region.ts'
import type { World } from './world.ts'

/** What must be true at every moment. */
export function checkNow({ regions, ledger }: World): void {
  for (const region of regions) {
    const open = region.open()
    if (!open) continue
    for (const line of lines) {
      const { flushed, servable } = {
        flushed: open.logs[line].flushed(),
        servable: open.logs[line].servable(),
      }
      for (const [strand, seq] of servable)
        if (seq > (flushed.get(strand) ?? 0))
          ledger.violation(`${region.name} serves more of ${strand} than it has`)
    }
  }
}

/** What is not yet as it should be when all troubles are over: told in words, empty when all is well. */
export function differences(world: World, plan: Plan): string[] {
  const forksPossible = plan.restores?.witness === 'rolled back'
  const { regions, devices, readers } = world
  const found: string[] = []
  for (const region of regions) {
    const open = region.open()
    if (!open) {
      found.push(`${region.name} is not open`)
      continue
    }
    for (const line of lines) {
      const there = vectorOf(region, line)
      if (there !== vectorOf(regions[0]!, line))
        found.push(`${region.name} has ${line} ${there}, ${regions[0]!.name} ${vectorOf(regions[0]!, line)}`)
      for (const view of ['flushed', 'servable'] as const) {
        const known = textOf(
          [...open.logs[line][view]()].map(([strand, seq]) => [strand.split('/')[0]!, seq]),
        )
        if (known !== there)
          found.push(`${region.name} says that ${view} of ${line} is ${known}, and it has ${there}`)
      }
    }
  }
  devices.forEach((device, i) => {
    if (!device.isQuiet()) found.push(`device ${i} waits for answers`)
    const missing = allDocuments.flatMap((document) => {
      const holds = device.entriesOf(document)
      return itemsIn(regions[0]!, document).filter(({ entryId }) => !holds.has(entryId))
    })
    if (missing.length > 0) found.push(`device ${i} lacks ${missing.length} items`)
  })
  readers.forEach((reader, i) => {
    const region = regions.find((one) => one.name === reader.region())!
    const shows = new Set(reader.items())
    const missing = itemsIn(region, reader.document).filter(
      ({ key, origin, clock }) =>
        // Where a disk and its witness were put back, a Yjs client may hold what was lost at the place of what came after:
        // its state vector says nothing else, and no region can tell.
        !shows.has(key) && !(forksPossible && reader.holds(origin, clock)),
    )
    if (missing.length > 0 || reader.hasGap())
      found.push(`reader ${i} of ${reader.document} in ${region.name} lacks ${missing.length} items`)
  })
  return found
}

/** What was promised, held against what is there when everything is quiet. */
export function checkAtEnd(world: World, plan: Plan): void {
  const { regions, devices, readers, notes, ledger } = world
  const { violation } = ledger
  for (const text of differences(world, plan)) violation(`never healed: ${text}`)
  for (const region of regions) for (const line of lines) checkChains(region, line, violation)
  for (const region of regions) checkClocks(region, violation)
  for (const line of lines) {
    const heads = regions.map((region) => hashesOf(region, line))
    for (const [i, other] of heads.entries())
      if (other !== heads[0]) violation(`${regions[i]!.name} and ${regions[0]!.name} differ in ${line}`)
  }
  const stored = new Map(regions.map((region) => [region.name, entriesIn(region)]))
  for (const [name, entries] of stored)
    for (const [id, origins] of entries)
      if (new Set(origins).size !== origins.length) violation(`${name} has ${id} twice of one origin`)
  for (const device of devices)
    for (const [id, { sample, acknowledged, mayBeStored, end }] of device.proposals) {
      const holders = [...stored].filter(([, entries]) => entries.has(id)).map(([name]) => name)
      const everHeld = regions.filter((region) => holds(region, id)).map(({ name }) => name)
      if (acknowledged && holders.length < regions.length)
        violation(`${id} was acknowledged as ${acknowledged.origin}#${acknowledged.seq} and is in ${holders}`)
      if (!acknowledged && !mayBeStored && everHeld.length > 0)
        violation(`${id} was refused (${end}) and is in ${everHeld}`)
      if (!sample.isSound && (acknowledged || everHeld.length > 0))
        violation(`${id} must never be taken and is in ${everHeld}`)
      if (sample.isSound && end !== undefined && end !== 'given up')
        violation(`${id} is sound and was refused: ${end}`)
    }
  for (const { region, origin, seq } of notes)
    for (const other of regions)
      if (plan.restores?.region !== region && !rowAt(other.database.disk().notes, origin, seq))
        violation(`note ${origin}#${seq} was stored in ${region} and is not in ${other.name}`)
  for (const reader of readers) {
    const region = regions.find((one) => one.name === reader.region())!
    const there = new Set(itemsIn(region, reader.document).map(({ key }) => key))
    const extra = reader.items().filter((key) => !there.has(key))
    if (extra.length > 0 && !plan.restores)
      violation(`a reader of ${reader.document} shows ${extra} which ${region.name} does not have`)
  }
}

function checkChains(region: SimulatedRegion, line: Line, violation: (text: string) => void): void {
  for (const [origin, rows] of region.database.disk()[line].log) {
    let head = emptyHead(line, origin)
    for (const row of rows) {
      if (!follows(head, row)) {
        violation(`${region.name} has ${line} of ${origin} whose row ${row.seq} does not follow ${head.seq}`)
        break
      }
      head = { seq: row.seq, hash: row.hash }
    }
  }
}

/** Of each origin, the items of a document are numbered from 0 without gaps. */
function checkClocks(region: SimulatedRegion, violation: (text: string) => void): void {
  const next = new Map<string, number>()
  for (const { kind, origin, document, clock } of rowsIn(region.database.disk().entries)) {
    if (kind !== 'entry') continue
    const key = `${document} of ${origin}`
    if (clock !== (next.get(key) ?? 0)) violation(`${region.name} has clock ${clock} out of turn in ${key}`)
    next.set(key, clock + 1)
  }
}

/** In the log, or set aside. */
function holds(region: SimulatedRegion, entryId: string): boolean {
  const { entries } = region.database.disk()
  return (
    rowsIn(entries).some((row) => row.entryId === entryId) ||
    entries.aside.some(({ row }) => row.entryId === entryId)
  )
}

function vectorOf(region: SimulatedRegion, line: Line): string {
  return textOf([...headsIn(region.database.disk()[line])].map(([origin, { seq }]) => [origin, seq]))
}

function hashesOf(region: SimulatedRegion, line: Line): string {
  const heads = [...headsIn(region.database.disk()[line])]
  return textOf(heads.map(([origin, { hash }]) => [origin, Buffer.from(hash).toString('hex')]))
}

function textOf(pairs: [string, string | number][]): string {
  return pairs
    .map(([name, value]) => `${name}:${value}`)
    .sort()
    .join(' ')
}

function entriesIn(region: SimulatedRegion): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { kind, entryId, origin } of rowsIn(region.database.disk().entries))
    if (kind === 'entry') found.set(entryId, [...(found.get(entryId) ?? []), origin])
  return found
}

function itemsIn(region: SimulatedRegion, document: string) {
  return rowsIn(region.database.disk().entries)
    .filter((row) => row.kind === 'entry' && row.document === document)
    .map(({ entryId, origin, clock }) => ({ key: itemKey(entryId, origin), entryId, origin, clock }))
}
