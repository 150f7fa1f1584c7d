import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { campaign } from './campaign.ts'
import { allDecoders } from './decoders.ts'
import { fuzz } from './fuzz.ts'
import { type HostileRegion, startHostileRegion } from './hostile-region.ts'

/** The short form: `npm run hostile` does the same, a hundred times as long. */
const times = 1000
const seed = 4

describe('random and damaged bytes', () => {
  test('HO30 no decoder falls over any bytes, believes what nobody signed, or makes two things of one', async () => {
    for (const decoder of await allDecoders(seed)) {
      const { tried } = await fuzz(decoder, times, seed)
      expect([decoder.name, tried]).toEqual([decoder.name, times])
    }
  }, 60_000)
})

describe('a region under fire', () => {
  let region: HostileRegion | undefined
  afterAll(() => region?.end())

  test('HO31 frames of all kinds on all endpoints end nothing and store nothing; a clinician goes on working', async () => {
    region = await startHostileRegion()
    const { volleys } = await campaign(region, 800, seed)
    expect(volleys.map(({ front }) => front)).toEqual([
      'chart',
      'chart',
      'note',
      'note',
      'meridian',
      'meridian',
    ])
    expect(region.ended()).toBeUndefined()
    // Connections leave as soon as the region hears that they are gone.
    for (let looks = 0; looks < 100 && (await region.connections()) > 0; looks++) await sleep(20)
    expect(await region.connections()).toBe(0)
  }, 90_000)
})
