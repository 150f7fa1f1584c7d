import { parseArgs } from 'node:util'
import { type Campaign, campaign, type Volley } from './campaign.ts'
import { allDecoders } from './decoders.ts'
import { fuzz, type Outcome } from './fuzz.ts'
import { startHostileRegion } from './hostile-region.ts'
import type { Memory } from './region-process.ts'

/**
 * `npm run hostile -- [--times 100000] [--seed 1] [--only decoders,frames]`: so many random and damaged byte strings to every
 * decoder, and so many frames to every endpoint of a running region. Prints what became of them, and the memory before and
 * after. Status 1 if something fell over, was stored that nobody proposed, kept a good client waiting, or leaks; 2 for
 * unusable arguments. The same seed sends the same bytes.
 */
const usage = 'usage: npm run hostile -- [--times N] [--seed N] [--only decoders,frames]'

/** Growth from the middle to the end of an attack that is no leak: what collectors and caches leave. In bytes. */
const slack = 16 * 1024 * 1024

const { times, seed, parts } = readArguments()
const failures: string[] = []
const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)

try {
  if (parts.includes('decoders')) await attackDecoders()
  if (parts.includes('frames')) await attackRegion()
} catch (error) {
  failures.push(String((error as Error).stack))
  if ((error as Error).cause) failures.push(String((error as Error).cause))
}
for (const failure of failures) process.stderr.write(`${failure}\n`)
process.exit(failures.length > 0 ? 1 : 0)

async function attackDecoders(): Promise<void> {
  const decoders = await allDecoders(seed)
  process.stdout.write('decoder                       tried      read  slowest ms  heap MB before, after\n')
  for (const decoder of decoders) {
    const before = heapNow()
    const outcome = await fuzz(decoder, times, seed)
    const after = heapNow()
    process.stdout.write(`${lineOf(outcome)}  ${megabytes(before)}, ${megabytes(after)}\n`)
    if (after > before + slack) failures.push(`${outcome.name} leaks`)
  }
}

function lineOf({ name, tried, read, slowestMs }: Outcome): string {
  const number = (value: string | number, width: number) => String(value).padStart(width)
  return `${name.padEnd(26)}${number(tried, 9)}${number(read, 10)}${number(slowestMs.toFixed(1), 12)}`
}

async function attackRegion(): Promise<void> {
  const region = await startHostileRegion()
  try {
    const before = await region.memory()
    process.stdout.write(`\nregion                          heap, outside, resident, stored MB\n`)
    process.stdout.write(`before                          ${memoryOf(before)}\n`)
    const result = await campaign(region, times, seed, tell)
    judgeMemory(result)
    const { entries, notes } = result
    process.stdout.write(
      `stored: ${entries} entries, all of them proposed; ${notes} updates of notes, all readable\n`,
    )
  } finally {
    region.end()
  }
}

function tell({ front, salvo, memory }: Volley): void {
  const closes = Object.entries(salvo.closes).map(([code, count]) => `${count} closed with ${code}`)
  const frames = String(salvo.frames).padStart(7)
  const seconds = (salvo.milliseconds / 1000).toFixed(0).padStart(5)
  process.stdout.write(
    `${front.padEnd(9)}${frames} frames${seconds} s  ${memoryOf(memory)}  ${closes.join(', ')}\n`,
  )
}

/** What a front uses when twice as much was fired at it is what it used before. */
function judgeMemory({ volleys }: Campaign): void {
  for (let at = 1; at < volleys.length; at += 2) {
    const [half, whole] = [volleys[at - 1]!, volleys[at]!]
    // The log of this region lies in its memory, with what it is read into.
    const stored = 4 * (whole.memory.stored - half.memory.stored)
    const grown = inUse(whole.memory) - inUse(half.memory) - stored
    if (grown > slack)
      failures.push(`${whole.front}: ${megabytes(grown)} MB more at the end than in the middle`)
  }
}

function inUse({ heap, outside }: Memory): number {
  return heap + outside
}

function memoryOf({ heap, outside, resident, stored }: Memory): string {
  return [heap, outside, resident, stored].map((bytes) => megabytes(bytes).padStart(6)).join(' ')
}

function heapNow(): number {
  for (let rounds = 0; rounds < 3; rounds++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        times: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string', default: 'decoders,frames' },
      },
    })
    const [times, seed] = [Number(values.times), Number(values.seed)]
    const parts = values.only.split(',')
    if (!Number.isInteger(times) || times < 100 || !Number.isInteger(seed)) throw new Error('no such number')
    if (!parts.every((part) => part === 'decoders' || part === 'frames')) throw new Error('no such part')
    return { times, seed, parts }
  } catch {
    process.stderr.write(`${usage}\n`)
    process.exit(2)
  }
}
