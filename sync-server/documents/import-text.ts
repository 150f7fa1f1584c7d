import { isUtf8 } from 'node:buffer'
import { type Parts, partOf, partsOf } from '../../domain/fhir/bundle.ts'
import { deepestBody, parsePlainJson } from '../http/plain-json.ts'

/**
 * The text of what is sent to be imported, taken apart without ever being in memory as objects: of a Bundle each entry is
 * read by itself, whenever it is asked for. What is refused as no JSON is what `parsePlainJson` refuses of the whole.
 */
export type TextParts = Parts | { unreadable: Unreadable } | { problem: string }

export type Unreadable =
  | Extract<ReturnType<typeof parsePlainJson>, { problem: string }>['problem']
  | 'not-utf8'
  /** More than {@link importLimits} say: objects take many times the memory of their text. */
  | 'too-many-entries'
  | 'too-many-values'

export const importLimits = {
  /** Entries of one Bundle: 64 MiB of resources of 270 bytes. */
  entries: 250_000,
  /** Values and keys of one resource. The largest that can be kept has some ten thousands. */
  values: 400_000,
} as const

/** Levels of a Bundle above its entries. */
const levelsAbove = 2

export function partsOfText(
  bytes: Uint8Array,
  limits: { entries: number; values: number } = importLimits,
): TextParts {
  if (!isUtf8(bytes)) return { unreadable: 'not-utf8' }
  const text = withoutMark(bytes)
  const split = splitEntries(text, limits.entries)
  if (split === 'too-many') return { unreadable: 'too-many-entries' }
  const frame = split && parsePlainJson(split.frame)
  if (!frame || 'problem' in frame || Object(frame.value).resourceType !== 'Bundle') {
    if (endOfValue(text, 0).values > limits.values) return { unreadable: 'too-many-values' }
    const whole = parsePlainJson(text.toString())
    return 'problem' in whole ? { unreadable: whole.problem } : partsOf(whole.value)
  }
  const { spans } = split
  if (spans.some(({ values }) => values > limits.values)) return { unreadable: 'too-many-values' }
  const entry = ({ start, end }: Span) => text.toString('utf8', start, end)
  let unreadable: Unreadable | undefined
  for (const span of spans) {
    const read = parsePlainJson(entry(span), deepestBody - levelsAbove)
    if (!('problem' in read)) continue
    if (read.problem === 'not-json') return { unreadable: read.problem }
    if (unreadable !== 'too-deep') unreadable = read.problem
  }
  if (unreadable) return { unreadable }
  const frameParts = partsOf(frame.value)
  if ('problem' in frameParts) return frameParts
  return { length: spans.length, part: (at) => partOf(JSON.parse(entry(spans[at]!)), at) }
}

/** From where to where, in bytes, and how many values and keys stand in it, about. */
type Span = { start: number; end: number; values: number }

/**
 * Finds the elements of the list `entry` of an object. `frame` is the text with an empty list in their place. Undefined if
 * there is no such list, or the text is no JSON; if it is JSON, the spans are exactly its elements.
 */
function splitEntries(text: Buffer, most: number): { spans: Span[]; frame: string } | 'too-many' | undefined {
  let at = pastSpace(text, 0)
  if (text[at] !== openBrace) return undefined
  do {
    const key = pastSpace(text, at + 1)
    const keyEnd = endOfValue(text, key).end
    const colon = pastSpace(text, keyEnd)
    if (text[key] !== quote || text[colon] !== colonSign) return undefined
    const value = pastSpace(text, colon + 1)
    if (text[value] === openBracket && text.toString('utf8', key, keyEnd) === '"entry"')
      return elementsOf(text, value, most)
    at = pastSpace(text, endOfValue(text, value).end)
  } while (text[at] === comma)
  return undefined
}

function elementsOf(text: Buffer, list: number, most: number) {
  const spans: Span[] = []
  let at = pastSpace(text, list + 1)
  while (spans.length > 0 || text[at] !== closeBracket) {
    if (spans.length === most) return 'too-many'
    const span = endOfValue(text, at)
    spans.push(span)
    at = pastSpace(text, span.end)
    if (text[at] === closeBracket) break
    if (text[at] !== comma) return undefined
    at = pastSpace(text, at + 1)
  }
  return { spans, frame: text.toString('utf8', 0, list + 1) + text.toString('utf8', at) }
}

/** The value that begins at `start`, by its brackets and quotation marks alone. */
function endOfValue(text: Buffer, start: number): Span {
  let depth = 0
  let values = 1
  let at = start
  for (; at < text.length; at++) {
    const sign = text[at]
    if (sign === quote) {
      at = lastOfString(text, at)
      if (depth === 0) return { start, end: at + 1, values }
    } else if (sign === openBrace || sign === openBracket) {
      depth += 1
      values += 1
    } else if (sign === closeBrace || sign === closeBracket) {
      depth -= 1
      if (depth <= 0) return { start, end: depth < 0 ? at : at + 1, values }
    } else if (sign === comma || sign === colonSign) {
      if (depth === 0) break
      values += 1
    } else if (depth === 0 && at > start && isSpace(sign)) break
  }
  return { start, end: at, values }
}

function lastOfString(text: Buffer, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== quote) at += text[at] === backslash ? 2 : 1
  return Math.min(at, text.length - 1)
}

function pastSpace(text: Buffer, start: number): number {
  let at = start
  while (isSpace(text[at])) at += 1
  return at
}

function isSpace(sign: number | undefined): boolean {
  return sign === 0x20 || sign === 0x0a || sign === 0x0d || sign === 0x09
}

/** The bytes without a byte order mark, over the same memory. */
function withoutMark(bytes: Uint8Array): Buffer {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf ? text.subarray(3) : text
}

const [quote, comma, colonSign, backslash] = [0x22, 0x2c, 0x3a, 0x5c]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
