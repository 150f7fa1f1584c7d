import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const checkout = join(import.meta.dirname, '../..')
const folders = ['domain', 'sync-server', 'renderer', 'electron', 'test']
const ruleId = /(?:PAB|ADR|MEDi|D\+Ta)-\d+|\b[A-Z]{2}\d+/g

/** Ids with which the names of tests begin; a name may begin with several. */
function idsInTests(): Set<string> {
  const ids = new Set<string>()
  for (const folder of folders)
    for (const file of readdirSync(join(checkout, folder), { recursive: true, encoding: 'utf8' })) {
      if (!/\.test\.tsx?$|contract\.ts$/.test(file)) continue
      const text = readFileSync(join(checkout, folder, file), 'utf8')
      for (const [, name] of text.matchAll(
        /\b(?:test|it|describe)(?:\.each\([\s\S]*?\))?\(\s*['"`]([^'"`]+)/g,
      ))
        for (const id of leadingIds(name!)) ids.add(id)
    }
  return ids
}

function leadingIds(name: string): string[] {
  const words = name.split(' ')
  const end = words.findIndex((word) => word.replace(ruleId, '') !== '')
  return words.slice(0, end < 0 ? words.length : end).filter((word) => word !== '')
}

test('SP1 every rule of SPEC has a test, and every test proves a rule of SPEC', () => {
  const rules = new Set(
    [
      ...readFileSync(join(checkout, 'SPEC.md'), 'utf8').matchAll(
        /^\| ((?:PAB|ADR|MEDi|D\+Ta)-\d+|[A-Z]{2}\d+) \|/gm,
      ),
    ].map((m) => m[1]!),
  )
  const tests = idsInTests()
  expect([...rules].filter((id) => !tests.has(id))).toEqual([])
  expect([...tests].filter((id) => !rules.has(id))).toEqual([])
  expect(rules.size).toBeGreaterThan(300)
})
