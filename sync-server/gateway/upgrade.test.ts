import { describe, expect, test } from 'vitest'
import { openingProblem, readUpgrade, type UpgradeRequest } from './upgrade.ts'

describe('upgrade', () => {
  test('GW1 the document is the path after /sync/, decoded once; the token is a parameter or a sub-protocol', () => {
    expect(readUpgrade('/sync/chart/123?token=a.b.c', undefined)).toMatchObject({
      token: 'a.b.c',
      protocol: undefined,
      document: { kind: 'chart', id: '123', name: 'chart/123' },
    })
    expect(readUpgrade('/sync/journal%2F123%2Fundated', 'bearer.a.b.c')).toMatchObject({
      token: 'a.b.c',
      protocol: 'bearer.a.b.c',
      document: { name: 'journal/123/undated' },
    })
    expect(readUpgrade('/sync/note/n1?token=one', 'x, bearer.two')).toMatchObject({ token: 'one' })
    expect((readUpgrade('/sync/note/n1', undefined) as UpgradeRequest).token).toBeUndefined()
  })

  test('GW2 malformed names and unknown kinds are 400, other paths 404', () => {
    for (const path of [
      'chart',
      'chart/',
      'chart/..',
      'chart/a/b',
      'chart/a%252Fb',
      'chart/a_b',
      '/chart/1',
      'journal/1',
      'journal/1/24',
      'letters/1',
      'chart/%E0%A4%A',
      `chart/${'x'.repeat(65)}`,
    ])
      expect([path, readUpgrade(`/sync/${path}`, undefined)]).toMatchObject([path, { status: 400 }])
    expect(readUpgrade('/synchronize', undefined)).toMatchObject({ status: 404 })
    expect(readUpgrade('/', undefined)).toMatchObject({ status: 404 })
  })

  test('GW3 the meridian endpoint is /sync itself, with its sub-protocol', () => {
    expect(readUpgrade('/sync?token=t', 'meridian.v1')).toEqual({
      token: 't',
      protocol: 'meridian.v1',
      document: undefined,
    })
    expect(readUpgrade('/sync', 'meridian.v1, bearer.t')).toMatchObject({
      token: 't',
      protocol: 'meridian.v1',
    })
    expect(readUpgrade('/sync', undefined)).toMatchObject({ status: 400 })
  })

  test('GW4 documents of unknown patients and groups do not exist; notes and threads begin empty', () => {
    const known = {
      patient: (id: string) => id === 'p',
      erased: (id: string) => id === 'gone',
      group: (name: string) => name === 'g',
    }
    const problem = (path: string) => {
      const { document } = readUpgrade(`/sync/${path}`, undefined) as UpgradeRequest
      return openingProblem(document!, known)?.status
    }
    expect(['chart/p', 'journal/p/2024', 'notices/p', 'group/g', 'note/x', 'thread/x'].map(problem)).toEqual(
      Array.from({ length: 6 }, () => undefined),
    )
    expect(['chart/q', 'journal/q/2024', 'notices/q', 'group/h'].map(problem)).toEqual([404, 404, 404, 404])
    expect(['chart/gone', 'journal/gone/2024', 'thread/gone'].map(problem)).toEqual([410, 410, undefined])
  })
})
