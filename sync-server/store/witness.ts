import { createHash, randomBytes } from 'node:crypto'
import { constants, existsSync, statSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { type Origin, originOf } from '../../domain/entries/origin.ts'
import { type Line, lines } from './line.ts'
import { emptyHead, type Head } from './log-row.ts'

/**
 * The witness of a line: a file outside the database's folder that names the last row which this region has
 * acknowledged. A database that does not hold this row was restored, and its origin must not be continued.
 *
 * 1. Written and flushed after the commit and before the acknowledgement, so it never names more than was flushed.
 * 2. Two slots of 512 bytes, written in turn, each with its number and a checksum: a crash can tear one, never both.
 * 3. Who takes the pen puts a file of its own in the place of the one that it found. A process that was stopped
 *    before its write, and wakes up when another one has taken over, writes into a file that nobody reads any more, and
 *    is told so.
 */

export type Witnessed = { origin: string; head: Head }

export type Witness = {
  /** What the file in its place names. */
  read(): Promise<Witnessed | undefined>
  /**
   * Names a head. Rejects if this cannot be written, or if the file in this place is not the one that was written; the next
   * call then makes the file anew, which only the holder of the pen may do.
   */
  write(origin: string, head: Head): Promise<void>
  close(): Promise<void>
}

const slotBytes = 512
/** What is written has reached the disk when the call returns: one call instead of two, where the system can. */
const newAndFlushed = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DSYNC

const slotShape = z.strictObject({
  turn: z.int().min(1),
  origin: z.string(),
  seq: z.int().min(0),
  hash: z.base64url(),
  check: z.string(),
})
type Slot = z.infer<typeof slotShape>

/** A state folder in which no witness can be kept. The message says why. */
export class UnusableStateFolder extends Error {
  override name = 'UnusableStateFolder'
}

/** The file in the witness's place is not the one that this process writes. */
export class WitnessReplaced extends Error {
  override name = 'WitnessReplaced'
}

/** The witness of a line in the region's state folder. Nothing is written before the first `write`. */
export async function openWitness(stateDir: string, line: Line): Promise<Witness> {
  const file = witnessFile(stateDir, line)
  let turn = (await readSlots(file)).reduce((last, slot) => Math.max(last, slot.turn), 0)
  let own: { handle: FileHandle; inode: number } | undefined

  async function letGo(): Promise<void> {
    const handle = own?.handle
    own = undefined
    await handle?.close()
  }

  return {
    async read() {
      const newest = (await readSlots(file)).sort((a, b) => b.turn - a.turn)[0]
      return (
        newest && {
          origin: newest.origin,
          head: { seq: newest.seq, hash: Buffer.from(newest.hash, 'base64url') },
        }
      )
    },
    async write(origin, head) {
      turn += 1
      const hash = Buffer.from(head.hash).toString('base64url')
      const slot = { turn, origin, seq: head.seq, hash }
      if (!own) {
        const handle = await replace(file, slot)
        own = { handle, inode: (await handle.stat()).ino }
        return
      }
      try {
        await writeSlot(own.handle, slot)
        if (statSync(file).ino !== own.inode) throw new WitnessReplaced(`${file} is another file by now`)
      } catch (error) {
        await letGo()
        throw error
      }
    },
    close: letGo,
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

/** Puts a new file that holds one slot into the place, whole or not at all. */
async function replace(file: string, slot: Omit<Slot, 'check'>): Promise<FileHandle> {
  const folder = dirname(file)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  const handle = await open(draft, newAndFlushed, 0o600)
  try {
    await handle.write(Buffer.alloc(2 * slotBytes, ' '), 0, 2 * slotBytes, 0)
    await writeSlot(handle, slot)
    await rename(draft, file)
    // What is left of a process that was stopped or killed at this point must not come into the place later.
    for (const name of await readdir(folder))
      if (name.startsWith(`${basename(file)}.`)) await rm(join(folder, name), { force: true })
    const entries = await open(folder, 'r')
    await entries.sync().finally(() => entries.close())
    return handle
  } catch (error) {
    await handle.close()
    await rm(draft, { force: true }).catch(() => {})
    throw error
  }
}

async function writeSlot(handle: FileHandle, slot: Omit<Slot, 'check'>): Promise<void> {
  const bytes = Buffer.alloc(slotBytes, ' ')
  bytes.write(JSON.stringify({ ...slot, check: checksum(slot) }))
  const { bytesWritten } = await handle.write(bytes, 0, slotBytes, (slot.turn % 2) * slotBytes)
  if (bytesWritten < slotBytes) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })
  if (!constants.O_DSYNC) await handle.datasync()
}

async function readSlots(file: string): Promise<Slot[]> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
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
