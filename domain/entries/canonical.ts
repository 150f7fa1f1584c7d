import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import canonicalize from 'canonicalize'

/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** Depth to which JSON from outside is followed: FHIR's deepest resources need about 20. */
export const maxJsonDepth = 64

/** Half of a surrogate pair: text with it has no UTF-8 form. */
const loneSurrogate = /\p{Surrogate}/u

/**
 * Says what is wrong with a JSON value that is to be hashed, or undefined: numbers must be finite, strings
 * well-formed Unicode, keys other than `__proto__`, the depth at most {@link maxJsonDepth}.
 */
export function jsonProblem(value: unknown, depth = 0): string | undefined {
  if (depth > maxJsonDepth) return `nested deeper than ${maxJsonDepth}`
  if (value === null || typeof value === 'boolean') return undefined
  if (typeof value === 'string')
    return loneSurrogate.test(value) ? 'a string holds half a surrogate pair' : undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number is not finite'
  if (Array.isArray(value)) return firstProblem(value, depth)
  if (typeof value !== 'object') return `${typeof value} is no JSON`
  for (const key of Object.keys(value)) {
    if (key === '__proto__') return 'the key __proto__ is not allowed'
    if (loneSurrogate.test(key)) return 'a key holds half a surrogate pair'
  }
  return firstProblem(Object.values(value), depth)
}

function firstProblem(values: unknown[], depth: number): string | undefined {
  for (const value of values) {
    const problem = jsonProblem(value, depth + 1)
    if (problem) return problem
  }
  return undefined
}

/** Are there more than `most` objects and lists in each other? Looks no further than that. */
export function nestedDeeper(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  return most === 0 || Object.values(value).some((part) => nestedDeeper(part, most - 1))
}

/** Canonical JSON of RFC 8785. The value must have passed {@link jsonProblem}. */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('this value has no JSON form')
  return text
}

/** SHA-256 of a text's UTF-8 bytes as base64url without padding: 43 characters. */
export function sha256Base64url(text: string): string {
  return base64url(sha256(utf8ToBytes(text)))
}

/** base64url of RFC 4648 without padding. */
export function base64url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** True if both values have the same canonical form. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  return canonicalJson(a) === canonicalJson(b)
}
