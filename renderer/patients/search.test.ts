import { expect, test } from 'vitest'
import { bornOn, readBirthDate } from './birth-date.ts'
import { fold } from './fold.ts'
import { createPatientSearch } from './search.ts'
import { similarNames } from './similar.ts'
import { type PatientRow, worklistShape } from './worklist.ts'

const row = (id: string, name: string, born: string | undefined, identifier?: string): PatientRow => ({
  id,
  name,
  born,
  gender: 'female',
  identifier,
  home: 'frankfurt',
  homeGroup: 'frankfurt-general',
  timeZone: 'Europe/Berlin',
  deceased: false,
})
const rows = [
  row('1', 'ECHEVARRÍA, Carla (Mrs)', '1985-03-04', '9a628ccd-2a55'),
  row('2', 'Ó SÚILLEABHÁIN, Seán Pádraig (Mr)', '1939-05-22', 'LRH-5518204'),
  row('3', 'SCHNEIDER, Christina (Frau)', '1967-04-12', 'FGH-2057310'),
  row('4', 'SCHNEIDER, Christine (Frau)', '1967-04-21', 'FGH-2057301'),
  row('5', 'MŨGO, Wanjirũ Grace (Ms)', '1989-06-14', 'NNH-700318'),
  row('6', 'MWINYI, Bakari (Mr)', '1974', 'NNH-700512'),
  row('7', 'GROSSMANN, Jürgen', undefined),
]
const search = createPatientSearch(rows, 2026)
const found = (query: string) => search(query).map(({ id }) => id)

test('RE40 nothing typed shows everybody, by name without regard to diacritics', () => {
  expect(found('  ')).toEqual(['1', '7', '5', '6', '2', '3', '4'])
})

test.each([
  ['echev', ['1']],
  ['Echevarria', ['1']],
  ['carla echev', ['1']],
  ['suille', ['2']],
  ['sean', ['2']],
  ['wanjiru', ['5']],
  ['großmann', ['7']],
  ['jurgen', ['7']],
  ['echevaria', ['1']],
  ['schneider christine', ['4', '3']],
  ['nobody', []],
])('RE41 names are found while typing, folded, in any order, with a slip: %s', (query, ids) => {
  expect(found(query)).toEqual(ids)
})

test.each([
  '1985-03-04',
  '04-Mar-1985',
  '4 mar 85',
  '4.3.1985',
  '04/03/85',
  '4.3.85',
  '04031985',
  'mar 1985',
  '3/1985',
  '1985',
  'carla 4.3.85',
])('RE42 a date of birth is found in every usual way of typing it: %s', (query) => {
  expect(found(query)).toEqual(['1'])
})

test('RE43 where day and month can be exchanged both are meant; parts that are not recorded do not fit', () => {
  expect(readBirthDate('4/3/1985', 2026)).toHaveLength(2)
  expect(found('3/4/1985')).toEqual(['1'])
  expect(found('1974')).toEqual(['6'])
  expect(bornOn('1974', { year: 1974, month: 1 })).toBe(false)
  expect(readBirthDate('31.13.1985', 2026)).toEqual([])
  expect(readBirthDate('may', 2026)).toEqual([])
  expect(readBirthDate('1.1.27', 2026)[0]?.year).toBe(1927)
})

test.each([
  ['FGH-2057310', ['3']],
  ['fgh2057310', ['3']],
  ['2057', ['3', '4']],
  ['9a62 8ccd', ['1']],
  ['20', []],
])('RE44 an identifier is found with or without its marks, from three characters on: %s', (query, ids) => {
  expect(found(query)).toEqual(ids)
})

test('RE45 names that are easily confused are marked, others are not', () => {
  expect([...similarNames(rows)].sort()).toEqual(['3', '4'])
  const alike = (a: string, b: string) =>
    similarNames([
      { id: 'a', name: a },
      { id: 'b', name: b },
    ]).size === 2
  expect(alike('SMITH, John (Mr)', 'SMITH, Jon (Mr)')).toBe(true)
  expect(alike('MEIER, Anna', 'MAIER, Anna')).toBe(true)
  expect(alike('ABDI, Hassan', 'HASSAN, Abdi')).toBe(true)
  expect(alike('WEISS, Karl', 'WIESS, Karl')).toBe(true)
  expect(alike('SMITH, John', 'SMITH, Mary')).toBe(false)
  expect(alike('ONG, Li', 'ONG, Bo')).toBe(false)
})

test('RE46 a worklist is read with what it lacks', () => {
  expect(worklistShape.parse({ patients: [{ id: 'x', homeGroup: 'london-royal', more: 1 }] })).toEqual([
    {
      id: 'x',
      name: '',
      born: undefined,
      gender: undefined,
      identifier: undefined,
      home: 'london-royal',
      homeGroup: 'london-royal',
      timeZone: 'UTC',
      deceased: false,
    },
  ])
})

test('RE47 letters that Unicode does not take apart are folded too', () => {
  expect(fold('Łódź Øre Straße Þór')).toBe('lodz ore strasse thor')
})
