import { expect, test } from 'vitest'
import type { Change, Ladder } from '../sync/ladder.ts'
import { createCarried } from './carried.ts'

const change = (id: string, at: 'sending' | 'saved'): [string, Change] => [
  id,
  {
    id,
    entry: {} as Change['entry'],
    patientId: 'p1',
    about: 'Allergy to Penicillin',
    rung: at === 'saved' ? { at, region: 'frankfurt' } : { at },
    since: 0,
  },
]

test('RE25 what was on its way when a session ended waits for the next sign-in of the same person', () => {
  const carried = createCarried()
  const ladder: Ladder = new Map([change('a', 'sending'), change('b', 'saved'), change('c', 'sending')])
  carried.keep('physician.frankfurt', ladder)
  carried.keep('nurse.frankfurt', new Map([change('d', 'saved')]))
  expect(carried.waiting()).toEqual([{ user: 'physician.frankfurt', count: 2 }])
  expect(carried.take('nurse.frankfurt')).toEqual([])
  expect(carried.take('physician.frankfurt').map(({ id }) => id)).toEqual(['a', 'c'])
  expect(carried.take('physician.frankfurt')).toEqual([])
  expect(carried.waiting()).toEqual([])
})
