import { expect, test } from 'vitest'
import { damagedFile, damagedFileShape } from './damaged-file.ts'
import { fileName } from './save-file.ts'

test('OX30 the name of a file says when it was made, and nothing of anybody', () => {
  const now = new Date(2026, 10, 4, 9, 5)
  expect(fileName('changes', now)).toBe('meridian-changes-20261104-0905.meridian')
  expect(fileName('damaged', now)).toBe('meridian-damaged-20261104-0905.json')
})

test('OX31 rows that cannot be read are written down as they are, and can be read back', () => {
  const rows = [
    { order: 3, key: 'k', sealed: 'AQID' },
    { order: 4, key: '', sealed: '' },
  ]
  expect(damagedFileShape.parse(JSON.parse(damagedFile(rows, 0))).rows).toEqual(rows)
})
