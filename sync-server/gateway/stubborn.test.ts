import { expect, test } from 'vitest'
import { createStubborn } from './stubborn.ts'

test('GW5 who is closed for good again and again is refused for a while; one mistake, or another document, is not', () => {
  let now = 0
  const stubborn = createStubborn(() => now, { strikes: 3, windowMs: 1000, refuseMs: 5000 })
  stubborn.strike('ada note/1')
  stubborn.strike('ada note/1')
  expect(stubborn.refused('ada note/1')).toBe(false)
  now = 1500
  stubborn.strike('ada note/1')
  expect(stubborn.refused('ada note/1')).toBe(false)
  stubborn.strike('ada note/1')
  stubborn.strike('ada note/1')
  expect(stubborn.refused('ada note/1')).toBe(true)
  expect(stubborn.refused('ada note/2')).toBe(false)
  now = 6501
  expect(stubborn.refused('ada note/1')).toBe(false)
})
