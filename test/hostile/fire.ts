import { emptyStateVector } from '../../domain/entries/items.ts'
import { decodeFrame, encodeFrame, meridianProtocol } from '../../domain/wire/wire.ts'
import {
  awarenessMessage,
  decodeMessage,
  step1Message,
  step2Message,
  updateMessage,
} from '../../sync-server/gateway/messages.ts'
import type { Draft } from '../../sync-server/store/ports.ts'
import { createDrafts } from '../../sync-server/store/sample-drafts.ts'
import { meridianFrames, proposals, type StockContents, stockContents, stockMessages } from './corpus.ts'
import type { HostileRegion } from './hostile-region.ts'
import { createLane, type Lane } from './lane.ts'
import { mutated } from './mutate.ts'
import { createRandom, type Random } from './random.ts'

/** Random and damaged frames, on every endpoint of a running region. */
export type Front = {
  name: string
  /** The next random or damaged frame. */
  next(random: Random): Uint8Array
  lane(number: number): Lane
  /** Something that is answered when what came before it has been worked through. */
  probe(number: number): { frame: Uint8Array; isAnswered(frame: Uint8Array): boolean }
}

export type Salvo = { frames: number; closes: { [code: number]: number }; milliseconds: number }

/** Connections from which a front is attacked at the same time. */
const lanes = 8
/** What a client may be told: its bytes are malformed, or too many. */
const expected = [4400, 4413]

/** Fires so many frames at a front. Throws if the region answers otherwise than it should. */
export async function fire(front: Front, frames: number, seed: number): Promise<Salvo> {
  const began = performance.now()
  const open = Array.from({ length: lanes }, (_, number) => front.lane(number))
  let left = frames
  try {
    await Promise.all(
      open.map(async (lane, number) => {
        const random = createRandom(seed + number)
        while (left > 0) {
          left -= 1
          const { frame, isAnswered } = front.probe(left)
          await lane.fire([front.next(random), frame], isAnswered)
        }
      }),
    )
  } finally {
    for (const lane of open) lane.end()
  }
  const closes: Salvo['closes'] = {}
  for (const lane of open) for (const [code, times] of lane.closes) closes[code] = (closes[code] ?? 0) + times
  for (const code of Object.keys(closes).map(Number))
    if (!expected.includes(code)) throw new Error(`${front.name}: closed ${closes[code]} times with ${code}`)
  return { frames, closes, milliseconds: performance.now() - began }
}

function damaged(valid: readonly Uint8Array[], random: Random): Uint8Array {
  return random.chance(0.1) ? random.bytes(random.below(200)) : mutated(random.pick(valid), valid, random)
}

/** A message that is damaged as a whole, or whose envelope is good and what is in it is not. */
function damagedMessage(
  contents: StockContents,
  messages: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  switch (random.below(6)) {
    case 0:
      return step1Message(damaged(contents.stateVectors, random))
    case 1:
      return awarenessMessage(damaged(contents.awareness, random))
    case 2:
    case 3:
      return (random.chance(0.5) ? updateMessage : step2Message)(damaged(contents.updates, random))
    default:
      return damaged(messages, random)
  }
}

const query = Uint8Array.of(3)
const isAwareness = (frame: Uint8Array) => decodeMessage(frame)?.type === 'awareness'

/** A document over the stock endpoint; `named` says which one on which connection of which lane. */
export function stockFront(
  region: HostileRegion,
  { name, named, seed }: { name: string; named(lane: number, connection: number): string; seed: number },
): Front {
  const contents = stockContents(createRandom(seed))
  const messages = stockMessages(contents)
  return {
    name,
    next: (random) => damagedMessage(contents, messages, random),
    lane(number) {
      let connections = 0
      return createLane({
        address: async () => {
          connections += 1
          const token = await freshToken(region)
          return { url: `${region.sync}/${named(number, connections)}?token=${token}`, protocols: [] }
        },
        // A note that is begun, so that not everything that is damaged builds on what is not here.
        greeting: [updateMessage(contents.beginning)],
      })
    },
    probe: () => ({ frame: query, isAnswered: isAwareness }),
  }
}

/** The meridian endpoint, and the proposals that its good frames hold. */
export function meridianFront(region: HostileRegion, documents: readonly string[], seed: number) {
  const random = createRandom(seed)
  const valid = meridianFrames(region.author, random, documents)
  const contents = stockContents(random)
  const messages = stockMessages(contents)
  const chart = proposals(region.author, 4)
  const front: Front = {
    name: 'meridian',
    next(one) {
      if (one.chance(0.4)) return damaged(valid, one)
      const channel = 1 + one.below(documents.length)
      if (one.chance(0.2)) return encodeFrame({ channel, type: 'open', document: documents[channel - 1]! })
      if (one.chance(0.5))
        return encodeFrame({ channel, type: 'message', message: damagedMessage(contents, messages, one) })
      const texts = chart.map(({ text }) => Buffer.from(text))
      return encodeFrame({
        channel: 0,
        type: 'submit',
        proposals: [
          { id: one.pick(chart).id, text: Buffer.from(damaged(texts, one)).toString('utf8') },
          one.pick(chart),
        ],
      })
    },
    lane: () =>
      createLane({
        address: async () => ({
          url: region.sync,
          protocols: [meridianProtocol, `bearer.${await freshToken(region)}`],
        }),
      }),
    probe(number) {
      const id = `probe-${number}`
      return {
        frame: encodeFrame({ channel: 0, type: 'submit', proposals: [{ id, text: '' }] }),
        isAnswered(bytes) {
          const frame = decodeFrame(bytes)
          return frame?.type === 'refuse' && frame.refusals.some((one) => one.id === id)
        },
      }
    },
  }
  const proposed = valid.flatMap((bytes) => {
    const frame = decodeFrame(bytes)
    return frame?.type === 'submit' ? frame.proposals : []
  })
  return { front, proposed: [...proposed, ...chart].map(({ id }) => id) }
}

const tokens = new WeakMap<HostileRegion, { token: Promise<string>; at: number }>()
/** A token is good for a quarter of an hour, in ms. */
const tokenMs = 300_000

function freshToken(region: HostileRegion): Promise<string> {
  const known = tokens.get(region)
  if (known && performance.now() - known.at < tokenMs) return known.token
  const token = region.token()
  tokens.set(region, { token, at: performance.now() })
  return token
}

/** A clinician who goes on working meanwhile, and somebody who reads along. */
export async function goodClient(region: HostileRegion) {
  const chart = createDrafts('frankfurt-general', region.author).newPatient()
  const saved: string[] = []
  await propose(chart.patient)
  const reader = createLane({
    address: async () => ({
      url: `${region.sync}/${chart.document}?token=${await freshToken(region)}`,
      protocols: [],
    }),
    greeting: [step1Message(emptyStateVector)],
  })

  async function propose({ id, entry }: Draft): Promise<void> {
    const answer = await fetch(`${region.http}/v1/entries`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await freshToken(region)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ entries: [entry] }),
      signal: AbortSignal.timeout(patienceMs),
    })
    const { committed } = (await answer.json()) as { committed?: { id: string }[] }
    if (committed?.[0]?.id !== id) throw new Error(`a good client was answered ${answer.status}`)
    saved.push(id)
  }

  // Before anything new is proposed the reader has what there is: else the news might come with that, and be none.
  await reader.fire([], (frame) => decodeMessage(frame)?.type === 'step2')
  return {
    document: chart.document,
    saved,
    /** Proposes something new, and waits until the reader has it. */
    async work(): Promise<void> {
      await Promise.all([reader.fire([], isNews), propose(chart.allergy())])
    },
    end: () => reader.end(),
  }
}

/** A keep-alive is an update too, and an empty one. */
function isNews(frame: Uint8Array): boolean {
  const message = decodeMessage(frame)
  return message?.type === 'update' && message.update.length > 2
}

/** How long a good client waits while the region is under fire, in ms. It bounds a hang, not the speed. */
const patienceMs = 10_000
