import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientIdOf, firstOriginClientId, originOf, parseOrigin } from './origin.ts'

describe('origins', () => {
  it('IT1 an origin is a region and its incarnation', () => {
    expect(originOf('frankfurt', 1)).toBe('frankfurt.1')
    expect(parseOrigin('frankfurt-2.13')).toEqual({ region: 'frankfurt-2', incarnation: 13 })
    for (const text of [
      '',
      'frankfurt',
      'frankfurt.',
      'frankfurt.0',
      'frankfurt.01',
      'Frankfurt.1',
      'a.1.2',
      'a.-1',
    ])
      expect(parseOrigin(text)).toBeUndefined()
  })

  it('IT2 its client id lies above 2^32, where no Yjs client picks its own, and is a safe integer', () => {
    fc.assert(
      fc.property(fc.string(), (origin) => {
        const id = clientIdOf(origin)
        expect(id).toBeGreaterThanOrEqual(firstOriginClientId)
        expect(Number.isSafeInteger(id)).toBe(true)
      }),
    )
  })
})
