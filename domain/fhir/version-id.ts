import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { CommittedEntry } from '../entries/entry.ts'

/** FHIR's limit for an id. */
const longestId = 64
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * The version of a resource: the highest sequence of each origin among its entries, the same in every region that
 * holds the same entries. `<first 5 hex digits of SHA-256(origin)>.<sequence in base 36>`, sorted, joined by `-`; if
 * that is longer than 64 characters, `v` and its SHA-256 in base32 (RFC 4648, no padding).
 */
export function versionIdOf(entries: Iterable<Pick<CommittedEntry, 'commits'>>): string {
  const highest = new Map<string, number>()
  for (const { commits } of entries)
    for (const { origin, seq } of commits) highest.set(origin, Math.max(seq, highest.get(origin) ?? 0))
  const parts = [...highest].map(([origin, seq]) => `${originDigits(origin)}.${seq.toString(36)}`)
  const version = parts.sort().join('-')
  return version.length <= longestId ? version : `v${toBase32(sha256(utf8ToBytes(version)))}`
}

function originDigits(origin: string): string {
  return bytesToHex(sha256(utf8ToBytes(origin))).slice(0, 5)
}

function toBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += base32[(held >> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  return bits > 0 ? text + base32[(held << (5 - bits)) & 31] : text
}
