import { type Front, fire, goodClient, meridianFront, type Salvo, stockFront } from './fire.ts'
import type { HostileRegion } from './hostile-region.ts'
import type { Memory } from './region-process.ts'

/** Frames on all endpoints, with a clinician who goes on working, and what is true of the region afterwards. */

export type Campaign = {
  salvos: { front: string; salvo: Salvo; memory: Memory }[]
  notes: number
  entries: number
}

/** How often the fire is interrupted to see whether a good client is served. */
const looks = 10

/** Throws if the region ends, keeps a good client waiting, or has stored what nobody proposed. */
export async function campaign(region: HostileRegion, frames: number, seed: number): Promise<Campaign> {
  const good = await goodClient(region)
  const meridian = meridianFront(region, [good.document, 'note/shared', `journal/x/2024`], seed)
  const fronts: Front[] = [
    stockFront(region, { name: 'chart', named: () => good.document, seed }),
    stockFront(region, {
      name: 'note',
      named: (lane, connection) => `note/hostile-${lane}-${Math.floor(connection / 10)}`,
      seed,
    }),
    meridian.front,
  ]
  const salvos: Campaign['salvos'] = []
  try {
    for (const front of fronts)
      for (let half = 0; half < 2; half++) {
        const salvo = await interrupted(front, frames / 2, seed + half * 1000, good.work)
        salvos.push({ front: front.name, salvo, memory: await region.memory() })
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
  return { salvos, notes: audit.notes.updates, entries: audit.entries.length }
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
