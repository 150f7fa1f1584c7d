import { expect, test } from 'vitest'
import { findRegions, regionNames, regionTitle } from './regions.ts'

const regions = {
  region: 'nairobi',
  regions: {
    frankfurt: { http: 'http://127.0.0.1:9010', sync: 'ws://127.0.0.1:9010/sync' },
    nairobi: { http: 'http://127.0.0.1:9030', sync: 'ws://127.0.0.1:9030/sync' },
  },
}

test('RE5 the desktop shell hands the regions over; else the page asks where it came from', async () => {
  const never: typeof fetch = () => Promise.reject(new Error('asked'))
  expect(await findRegions({ handedOver: regions, fetch: never })).toEqual(regions)
  const asked: string[] = []
  const answers: typeof fetch = async (input) => {
    asked.push(String(input))
    return Response.json(regions)
  }
  expect(await findRegions({ handedOver: null, fetch: answers })).toEqual(regions)
  expect(asked).toEqual(['/v1/session/regions'])
})

test('RE6 no answer and an answer that makes no sense are told apart', async () => {
  const silent: typeof fetch = () => Promise.reject(new TypeError('no connection'))
  expect(await findRegions({ handedOver: undefined, fetch: silent })).toEqual({ problem: 'unreachable' })
  expect(await findRegions({ handedOver: { region: 'x', regions: {} }, fetch: silent })).toEqual({
    problem: 'unreadable',
  })
  const page: typeof fetch = async () => new Response('<!doctype html>')
  expect(await findRegions({ handedOver: undefined, fetch: page })).toEqual({ problem: 'unreadable' })
})

test('RE7 the own region stands first, and names are read as people write them', () => {
  expect(regionNames(regions)).toEqual(['nairobi', 'frankfurt'])
  expect(regionTitle('new-york')).toBe('New York')
})
