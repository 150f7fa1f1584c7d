import { z } from 'zod'
import { type PasswordCost, passwordCost, passwordCostShape, passwordKey } from '../replica/password-key.ts'
import { type Bytes, openBytes, sealBytes } from '../replica/sealed.ts'
import { packChange, parseJson, type StoredChange, unpackChange } from '../replica/stored-change.ts'

/**
 * Changes as a file, sealed by a passphrase: what leaves the device is unreadable to whoever finds it.
 *
 * ```
 * {"format":"meridian-changes","version":1,"made":"…Z","cost":{…},"salt":"<32 hex digits>"}⏎    at most 1 KiB, in clear
 * nonce ‖ AES-256-GCM of the changes, one packed change a line    key: Argon2id of the passphrase; bound to the first line
 * SHA-256 of all of the above                                     tells a damaged file from a wrong passphrase
 * ```
 *
 * The first line says nothing about patients, people or places. A change has no id in the file: it is computed again
 * from its entry when the file is read.
 */
export const changeFileLimits = {
  /** Bytes of the file. */
  bytes: 32 * 1024 * 1024,
  /** Characters of the passphrase, at least. */
  passphrase: 12,
} as const

export type SealedChanges = { outcome: 'sealed'; bytes: Bytes } | { outcome: 'too-large' | 'failed' }

/** `other`: no file of this kind. `newer`: of a format that this app does not know. */
export type ChangeFileProblem = 'other' | 'newer' | 'too-large' | 'damaged' | 'wrong-passphrase'

/** `unreadable`: changes that this app does not understand. */
export type OpenedChanges =
  | { outcome: 'opened'; changes: StoredChange[]; unreadable: number }
  | { outcome: ChangeFileProblem }

export type ChangeFileHead = { outcome: 'read'; made: string } | { outcome: ChangeFileProblem }

/** @param now ms since 1970; stands in the file in clear */
export async function sealChanges(
  changes: readonly StoredChange[],
  passphrase: string,
  { now, cost = passwordCost }: { now: number; cost?: PasswordCost },
): Promise<SealedChanges> {
  const lines: string[] = []
  let size = headBytes + checkBytes
  for (const change of changes) {
    const packed = packChange(change)
    if ('problem' in packed) return { outcome: 'failed' }
    size += packed.text.length
    if (size > changeFileLimits.bytes) return { outcome: 'too-large' }
    lines.push(packed.text)
  }
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes))
  const head: Head = { format, version, made: new Date(now).toISOString(), cost, salt: hexOf(salt) }
  const line = `${JSON.stringify(head)}\n`
  // JSON has no line breaks of its own.
  const text = new TextEncoder().encode(lines.join('\n'))
  const sealed = await sealBytes(await passwordKey(passphrase, salt, cost), line, text)
  const signed = joined(new TextEncoder().encode(line), sealed)
  const bytes = joined(signed, await digestOf(signed))
  return bytes.length > changeFileLimits.bytes ? { outcome: 'too-large' } : { outcome: 'sealed', bytes }
}

/** What the file says in clear, before anybody is asked for its passphrase. Nothing of it is proved yet. */
export function readHead(bytes: Uint8Array): ChangeFileHead {
  const read = headOf(bytes)
  return 'outcome' in read ? read : { outcome: 'read', made: read.head.made }
}

/** Opens what {@link sealChanges} made. Costs out of bounds are damage: no file can hold up this device. */
export async function openChanges(bytes: Uint8Array, passphrase: string): Promise<OpenedChanges> {
  const read = headOf(bytes)
  if ('outcome' in read) return read
  const { head, line } = read
  const end = bytes.length - checkBytes
  const start = new TextEncoder().encode(line).length
  if (end <= start) return { outcome: 'damaged' }
  const check = await digestOf(bytes.subarray(0, end))
  if (!check.every((byte, i) => byte === bytes[end + i])) return { outcome: 'damaged' }
  const key = await passwordKey(passphrase, bytesOf(head.salt), head.cost)
  const opened = await openBytes(key, line, bytes.subarray(start, end))
  if (!opened) return { outcome: 'wrong-passphrase' }
  const text = new TextDecoder().decode(opened)
  const lines = text === '' ? [] : text.split('\n').map(unpackChange)
  const changes = lines.flatMap((change) => change ?? [])
  return { outcome: 'opened', changes, unreadable: lines.length - changes.length }
}

const format = 'meridian-changes'
const version = 1
const headBytes = 1024
const checkBytes = 32
const saltBytes = 16

const anyVersion = z.object({ format: z.literal(format), version: z.int().min(1) })
const headShape = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  made: z.iso.datetime(),
  cost: passwordCostShape,
  salt: z.string().regex(/^[0-9a-f]{32}$/),
})
type Head = z.infer<typeof headShape>

function headOf(bytes: Uint8Array): { head: Head; line: string } | { outcome: ChangeFileProblem } {
  if (bytes.length > changeFileLimits.bytes) return { outcome: 'too-large' }
  const end = bytes.subarray(0, headBytes).indexOf(10)
  if (end < 0) return { outcome: 'other' }
  const line = new TextDecoder().decode(bytes.subarray(0, end + 1))
  const value = parseJson(line)
  const known = anyVersion.safeParse(value)
  if (!known.success) return { outcome: 'other' }
  if (known.data.version > version) return { outcome: 'newer' }
  const head = headShape.safeParse(value)
  return head.success ? { head: head.data, line } : { outcome: 'damaged' }
}

async function digestOf(bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))
}

function joined(a: Uint8Array, b: Uint8Array): Bytes {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOf(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
}
