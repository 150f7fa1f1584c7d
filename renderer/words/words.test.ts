import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { en } from './en.ts'

const root = join(import.meta.dirname, '..')
const screens = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (name) => /\.tsx?$/.test(name) && !/\.test\.|words[\\/]/.test(name),
)
const source = screens.map((name) => readFileSync(join(root, name), 'utf8')).join('\n')

function keysOf(part: object, before = ''): string[] {
  return Object.entries(part).flatMap(([key, value]) =>
    typeof value === 'string' ? `${before}${key}` : keysOf(value, `${before}${key}.`),
  )
}

test('RE120 every word of the catalogue is said somewhere', () => {
  const unused = keysOf(en)
    .map((key) => key.replace(/_(one|other)$/, ''))
    .filter((key) => !source.includes(`'${key}'`) && !isBuilt(key))
  expect([...new Set(unused)]).toEqual([])
})

/** Keys of which the last part is filled in, as in `ladder.why.${code}`, or stand between two parts. */
function isBuilt(key: string): boolean {
  const parts = key.split('.')
  return parts.some((_, at) => at > 0 && source.includes(`\`${parts.slice(0, at).join('.')}.\${`))
}

test('RE121 no screen says words of its own: text between tags comes from the catalogue', () => {
  const own = screens
    .filter((name) => name.endsWith('.tsx'))
    .flatMap((name) =>
      [...readFileSync(join(root, name), 'utf8').matchAll(/>\s*([A-Za-z][A-Za-z ,.'’]{2,})\s*<\//g)].map(
        ([, text]) => `${name}: ${text}`,
      ),
    )
  expect(own).toEqual([])
})
