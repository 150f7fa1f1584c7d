import { type Front, fire, goodClient, meridianFront, type Salvo, stockFront } from './fire.ts'
import type { HostileRegion } from './hostile-region.ts'
import type { Memory } from './region-process.ts'

/** Frames on all endpoints, with a clinician who goes on working, and what is true of the region afterwards. */

export type Volley = { front: string; salvo: Salvo; memory: Memory }
export type Campaign = { volleys: Volley[]; notes: number; entries: number }

/** How often the fire is interrupted to see whether a good client is served. */
const looks = 10

/**
 * Fires so many frames at the stock endpoint, at a chart and at notes, and as many at the meridian endpoint, each front in two
 * halves. Throws if the region ends, keeps a good client waiting, or has stored what nobody proposed.
 */
export async function campaign(
  region: HostileRegion,
  frames: number,
  seed: number,
  told: (volley: Volley) => void = () => undefined,
): Promise<Campaign> {
  const good = await goodClient(region)
  const meridian = meridianFront(region, [good.document, 'note/shared', 'journal/x/2024'], seed)
  const notes = (lane: number, connection: number) => `note/hostile-${lane}-${Math.floor(connection / 10)}`
  const fronts: [front: Front, frames: number][] = [
    [stockFront(region, { name: 'chart', named: () => good.document, seed }), frames / 2],
    [stockFront(region, { name: 'note', named: notes, seed }), frames / 2],
    [meridian.front, frames],
  ]
  const volleys: Volley[] = []
  try {
    for (const [front, count] of fronts)
      for (let half = 0; half < 2; half++) {
        const salvo = await interrupted(front, count / 2, seed + half * 1000, good.work)
        const volley = { front: front.name, salvo, memory: await region.memory() }
        volleys.push(volley)
        told(volley)
      }
  } finally {
    good.end()
  }
  const audit = await region.audit()
  const proposed = new Set([...meridian.proposed, ...good.saved])
  const strange = audit.entries.filter((id) => !proposed.has(id))
  if (strange.length > 0) throw new Error(`${strange.length} entries are stored that nobody proposed`)
  if (new Set(audit.entries).size !== audit.entries.length) throw new Error('an entry is stored twice')
  for (const id of good.saved)
    if (!audit.entries.includes(id)) throw new Error('an entry of the good client is not stored')
  if (audit.wrong.length > 0) throw new Error(audit.wrong.join(', '))
  if (audit.errors.length > 0) throw new Error(`the region tells of errors: ${audit.errors[0]}`)
  return { volleys, notes: audit.notes.updates, entries: audit.entries.length }
}

async function interrupted(
  front: Front,
  frames: number,
  seed: number,
  look: () => Promise<void>,
): Promise<Salvo> {
  const whole: Salvo = { frames: 0, closes: {}, milliseconds: 0 }
  for (let at = 0; at < looks; at++) {
    const part = Math.round(frames / looks)
    const [salvo] = await Promise.all([fire(front, part, seed + at * 10), look()])
    await look()
    whole.frames += salvo.frames
    whole.milliseconds += salvo.milliseconds
    for (const [code, times] of Object.entries(salvo.closes))
      whole.closes[Number(code)] = (whole.closes[Number(code)] ?? 0) + times
  }
  return whole
}
