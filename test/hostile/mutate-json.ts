import type { Random } from './random.ts'

/** Values that are JSON, and that programs stumble over. */
const oddities: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => 0,
  () => -1,
  () => 1.5,
  () => 2 ** 53,
  () => 1e308,
  () => '',
  () => ' ',
  () => '__proto__',
  () => 'constructor',
  () => '../..',
  () => 'Patient/',
  () => 'urn:uuid:',
  () => '\ud800',
  () => '\u0000',
  () => 'x'.repeat(300),
  () => '2024-13-45',
  () => [],
  () => [null],
  () => [[]],
  () => ({}),
  () => JSON.parse('{"__proto__":{"polluted":true}}'),
  () => JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
  () => JSON.parse(`${'['.repeat(80)}${']'.repeat(80)}`),
]

/** A copy of a JSON value in which one to three parts are missing, doubled, elsewhere, or something else. */
export function mutatedJson(value: unknown, random: Random): unknown {
  let copy = plainCopy(value)
  for (let times = 1 + random.below(3); times > 0; times--) copy = changedSomewhere(copy, random)
  return plainCopy(copy)
}

function changedSomewhere(value: unknown, random: Random): unknown {
  const holders: (unknown[] | { [key: string]: unknown })[] = []
  collect(value, holders)
  if (holders.length === 0 || random.chance(0.02)) return random.pick(oddities)()
  const holder = random.pick(holders)
  const keys = Object.keys(holder)
  const key = keys.length > 0 ? random.pick(keys) : 'x'
  const parts = holder as { [key: string]: unknown }
  switch (random.below(5)) {
    case 0:
      delete parts[key]
      break
    case 1:
      set(parts, random.pick(['__proto__', 'x', 'id', 'resourceType', '_x', 'extension']), parts[key])
      break
    case 2:
      if (Array.isArray(holder)) holder.push(...(plainCopy(holder) as unknown[]).slice(0, 3))
      else set(parts, key, plainCopy(random.pick(holders)))
      break
    default:
      set(parts, key, random.pick(oddities)())
  }
  return value
}

/** By way of text, so that it is what a parser would hand over. */
function plainCopy(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value) ?? 'null')
}

/** As JSON.parse does it, so that `__proto__` becomes an own key. */
function set(parts: { [key: string]: unknown }, key: string, value: unknown): void {
  Object.defineProperty(parts, key, { value, writable: true, enumerable: true, configurable: true })
}

function collect(value: unknown, holders: (unknown[] | { [key: string]: unknown })[], depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > 100 || holders.length > 5000) return
  holders.push(value as unknown[])
  for (const part of Object.values(value)) collect(part, holders, depth + 1)
}
