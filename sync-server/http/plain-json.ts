/**
 * JSON of which everybody reads the same. `JSON.parse` keeps the last of two equal keys of an object, other readers keep
 * the first: what was signed, checked or shown elsewhere would not be what is stored here. RFC 8259 leaves it open,
 * I-JSON (RFC 7493, section 2.3) forbids it, and so does this.
 */
export type PlainJson = { value: unknown } | { problem: 'not-json' | 'repeated-key' | 'too-deep' }

/** Depth of the deepest body: that of an entry's value (64), within a resource, a Bundle and what holds it. */
export const deepestBody = 100

export function parsePlainJson(text: string, deepest = deepestBody): PlainJson {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'not-json' }
  }
  const kept = keysOf(value, deepest)
  if (kept === 'too-deep') return { problem: kept }
  // A repeated key is the one thing that stands in the text and not in the value.
  return kept === keysIn(text) ? { value } : { problem: 'repeated-key' }
}

/** Keys of all objects of a value, level by level: no depth makes this overflow. */
function keysOf(value: unknown, deepest: number): number | 'too-deep' {
  let keys = 0
  let level: object[] = isObject(value) ? [value] : []
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > deepest) return 'too-deep'
    const next: object[] = []
    for (const one of level) {
      const parts: unknown[] = Array.isArray(one) ? one : Object.values(one)
      if (parts !== one) keys += parts.length
      for (const part of parts) if (isObject(part)) next.push(part)
    }
    level = next
  }
  return keys
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Keys that stand in a text, which is JSON: strings that a colon follows. */
function keysIn(text: string): number {
  let keys = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at = pastWhitespace(text, endOfString(text, at))
    if (text[at] === ':') keys += 1
  }
  return keys
}

/** The place behind the quotation mark that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - 1 - backslashes] === '\\') backslashes += 1
  return backslashes % 2 === 1
}

function pastWhitespace(text: string, start: number): number {
  let at = start
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1
  return at
}
