import { expect, test } from 'vitest'
import { planFollows } from './follow-plan.ts'

const vector = (entries: Record<string, number>) => new Map(Object.entries(entries))
const nothing = { have: vector({}), following: new Map<string, string>(), stuck: new Set<string>() }

test('RP1 an origin is followed from its own region', () => {
  const peers = [
    { region: 'london', vector: vector({ 'london.1': 5, 'nairobi.1': 3 }) },
    { region: 'nairobi', vector: vector({ 'london.1': 5, 'nairobi.1': 3 }) },
  ]
  expect(planFollows({ ...nothing, ownOrigin: 'frankfurt.1', peers })).toEqual(
    new Map([
      ['london.1', 'london'],
      ['nairobi.1', 'nairobi'],
    ]),
  )
})

test('RP2 nobody is asked for the own origin; earlier incarnations come from whoever has them', () => {
  const peers = [
    { region: 'london', vector: vector({ 'frankfurt.1': 9, 'frankfurt.2': 4, 'frankfurt.2/notes': 1 }) },
  ]
  expect(planFollows({ ...nothing, ownOrigin: 'frankfurt.2', peers })).toEqual(
    new Map([['frankfurt.1', 'london']]),
  )
})

test('RP3 the origin of a region that is away comes from the peer that has most of it', () => {
  const peers = [
    { region: 'london', vector: vector({ 'nairobi.1': 7 }) },
    { region: 'paris', vector: vector({ 'nairobi.1': 9 }) },
  ]
  const view = { ...nothing, ownOrigin: 'frankfurt.1', peers }
  expect(planFollows(view).get('nairobi.1')).toBe('paris')
})

test('RP4 a region that has lost rows of its own origin is not the one to ask for them', () => {
  const peers = [
    { region: 'london', vector: vector({ 'london.1': 3, 'london.2': 1 }) },
    { region: 'nairobi', vector: vector({ 'london.1': 8, 'london.2': 1 }) },
  ]
  const view = { ...nothing, ownOrigin: 'frankfurt.1', have: vector({ 'london.1': 3 }), peers }
  expect(planFollows(view)).toEqual(
    new Map([
      ['london.1', 'nairobi'],
      ['london.2', 'london'],
    ]),
  )
})

test('RP7 the word of another that it has more does not turn a follower away from the region that sends', () => {
  const peers = [
    { region: 'frankfurt', vector: vector({ 'frankfurt.1': 100 }) },
    { region: 'london', vector: vector({ 'frankfurt.1': 105 }) },
  ]
  const view = { ownOrigin: 'nairobi.1', peers, have: vector({ 'frankfurt.1': 100 }) }
  const following = new Map([['frankfurt.1', 'frankfurt']])
  expect(planFollows({ ...view, following, stuck: new Set() }).get('frankfurt.1')).toBe('frankfurt')
  // A region that has lost them does not send them: then another one does.
  expect(planFollows({ ...view, following, stuck: new Set(['frankfurt.1']) }).get('frankfurt.1')).toBe(
    'london',
  )
})

test('RP5 a sender that does not get on gives way to another that has more', () => {
  const peers = [
    { region: 'london', vector: vector({ 'london.1': 8 }) },
    { region: 'nairobi', vector: vector({ 'london.1': 8 }) },
  ]
  const following = new Map([['london.1', 'london']])
  const view = { ownOrigin: 'frankfurt.1', have: vector({ 'london.1': 3 }), peers, following }
  expect(planFollows({ ...view, stuck: new Set() }).get('london.1')).toBe('london')
  expect(planFollows({ ...view, stuck: new Set(['london.1']) }).get('london.1')).toBe('nairobi')
})

test('RP6 who has not said what it holds is asked for nothing', () => {
  const peers = [{ region: 'london', vector: undefined }]
  expect(planFollows({ ...nothing, ownOrigin: 'frankfurt.1', peers })).toEqual(new Map())
})
