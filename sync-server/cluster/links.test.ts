import { expect, test } from 'vitest'
import { openLink } from './link.ts'
import { createLinks } from './links.ts'

const statesOf = (links: ReturnType<typeof createLinks>) =>
  Object.entries(links.settings())
    .filter(([, settings]) => settings.state === 'cut')
    .map(([name]) => name)
    .sort()

test('CL19 isolation cuts both directions to all others and leaves the rest', () => {
  const links = createLinks(['a', 'b', 'c'])
  links.between('a', 'b').set({ ...openLink, latencyMs: 20 })
  links.isolate('a')
  expect(statesOf(links)).toEqual(['a>b', 'a>c', 'b>a', 'c>a'])
  links.rejoin('a')
  expect(statesOf(links)).toEqual([])
  expect(links.settings()['a>b']).toEqual({ ...openLink, latencyMs: 20 })
})

test('CL19 who rejoins does not reach a region that is isolated itself', () => {
  const links = createLinks(['a', 'b', 'c'])
  links.isolate('a')
  links.isolate('b')
  links.rejoin('a')
  expect(statesOf(links)).toEqual(['a>b', 'b>a', 'b>c', 'c>b'])
  links.rejoin('b')
  expect(statesOf(links)).toEqual([])
})

test('CL19 reset opens everything', () => {
  const links = createLinks(['a', 'b'])
  links.isolate('a')
  links.between('b', 'a').set({ state: 'blackhole', latencyMs: 1, jitterMs: 1, bandwidthKBps: 1 })
  links.reset()
  expect(Object.values(links.settings())).toEqual([openLink, openLink])
})
