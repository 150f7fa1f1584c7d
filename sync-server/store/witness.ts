import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { type Origin, originOf } from '../../domain/entries/origin.ts'
import { type Line, lines } from './line.ts'
import { emptyHead, type Head } from './log-row.ts'

/**
 * The witness of a line: a file outside the database's folder that names the last row which this region has
 * acknowledged. A database that does not hold this row was restored, and its origin must not be continued.
 *
 * Two slots of 512 bytes, written in turn, each with its number and a checksum: a crash can tear one, never both.
 * Written and flushed after the commit and before the acknowledgement, so it never names more than was flushed.
 */

export type Witnessed = { origin: string; head: Head }

export type Witness = {
  read(): Promise<Witnessed | undefined>
  write(origin: string, head: Head): Promise<void>
  close(): Promise<void>
}

const slotBytes = 512

const slotShape = z.strictObject({
  turn: z.int().min(1),
  origin: z.string(),
  seq: z.int().min(0),
  hash: z.base64url(),
  check: z.string(),
})
type Slot = z.infer<typeof slotShape>

/** Opens, or makes, the witness file of a line in the region's state folder. */
export async function openWitness(stateDir: string, line: Line): Promise<Witness> {
  const file = witnessFile(stateDir, line)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const handle = await open(file, existsSync(file) ? 'r+' : 'w+', 0o600)
  let turn = (await readSlots(handle)).reduce((last, slot) => Math.max(last, slot.turn), 0)
  return {
    async read() {
      const newest = (await readSlots(handle)).sort((a, b) => b.turn - a.turn)[0]
      return (
        newest && {
          origin: newest.origin,
          head: { seq: newest.seq, hash: Buffer.from(newest.hash, 'base64url') },
        }
      )
    },
    async write(origin, head) {
      turn += 1
      const slot = { turn, origin, seq: head.seq, hash: Buffer.from(head.hash).toString('base64url') }
      const text = JSON.stringify({ ...slot, check: checksum(slot) })
      const bytes = Buffer.alloc(slotBytes, ' ')
      bytes.write(text)
      await handle.write(bytes, 0, slotBytes, (turn % 2) * slotBytes)
      await handle.datasync()
    },
    close: () => handle.close(),
  }
}

/**
 * Prepares the state folder of a region that has never run: its witnesses name the empty chain of the first
 * incarnation. Without this a server that finds an empty database must assume that its disk was lost. Does nothing
 * where witnesses exist.
 */
export async function provisionWitnesses(stateDir: string, region: string): Promise<void> {
  const first: Origin = originOf(region, 1)
  for (const line of lines) {
    if (existsSync(witnessFile(stateDir, line))) continue
    const witness = await openWitness(stateDir, line)
    await witness.write(first, emptyHead(line, first))
    await witness.close()
  }
}

function witnessFile(stateDir: string, line: Line): string {
  return join(stateDir, `witness-${line}`)
}

async function readSlots(handle: FileHandle): Promise<Slot[]> {
  const bytes = Buffer.alloc(2 * slotBytes)
  await handle.read(bytes, 0, bytes.length, 0)
  return [0, slotBytes].flatMap((start) => {
    const slot = parseSlot(bytes.toString('utf8', start, start + slotBytes))
    return slot ? [slot] : []
  })
}

function parseSlot(text: string): Slot | undefined {
  try {
    const parsed = slotShape.safeParse(JSON.parse(text))
    if (!parsed.success) return undefined
    const { check, ...slot } = parsed.data
    return check === checksum(slot) ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function checksum(slot: Omit<Slot, 'check'>): string {
  const text = JSON.stringify([slot.turn, slot.origin, slot.seq, slot.hash])
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}
