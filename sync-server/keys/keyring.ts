import { randomBytes } from 'node:crypto'
import { base64url } from '../../domain/entries/canonical.ts'
import { type LogRow, sameBytes } from '../store/log-row.ts'
import { type KeyCipher, keyCipher, type WrappingKeys } from './wrapping.ts'

/**
 * The document keys of one line of the log. A key belongs to one scope (a patient, a thread, a note, a group) and to the
 * origin that made it. It becomes known by a grant, a row of the log that stands before the key's first use. A tombstone
 * ends a scope for good: its keys are forgotten, those that are granted later too, and no new one is made.
 */

/** The grant that has to be committed before (or with) the first row that uses the key. */
export type NewKey = {
  keyId: string
  key: Uint8Array
  scope: string
  recipients: string[]
  wrapped: Uint8Array
}

export type Keyring = {
  /** Takes a flushed grant or tombstone into account. */
  learn(row: LogRow): void
  /** True once a tombstone of this scope is flushed here. */
  erased(scope: string): boolean
  /** The key under which an origin seals a scope now, if there is one. */
  active(origin: string, scope: string): string | undefined
  /** True if this key was granted to this region, and is not erased. */
  has(keyId: string): boolean
  /** Makes these keys ready for {@link keys}, as far as they were granted to this region. */
  prepare(keyIds: Iterable<string>): Promise<void>
  /** A key that is ready. More than one, in the order of their grants, if grants contradict each other. */
  keys(keyId: string): readonly Uint8Array[]
  /** A key, if it was granted to this region. */
  key(keyId: string): Promise<Uint8Array | undefined>
  /** A fresh key for a scope, wrapped for these regions. It is not in the ring before its grant is learnt. */
  make(scope: string, regions: readonly string[]): Promise<NewKey>
  /** Wraps a known key for more regions. */
  wrapFor(keyId: string, regions: readonly string[]): Promise<Uint8Array | undefined>
  /** Every key that is not erased, with the origin that made it and the regions that it was granted to. */
  granted(): Iterable<GrantedKey>
  granting(keyId: string): GrantedKey | undefined
}

export type GrantedKey = {
  keyId: string
  origin: string
  scope: string
  homeGroup: string
  recipients: ReadonlySet<string>
}

type Known = {
  keyId: string
  origin: string
  scope: string
  homeGroup: string
  recipients: Set<string>
  /** Copies for this region that have not been unwrapped yet. */
  wrapped: Uint8Array[]
  plain: Uint8Array[]
  unwrapping: Promise<void> | undefined
}

export function createKeyring(keys: WrappingKeys, { wrapKey, unwrapKey }: KeyCipher = keyCipher): Keyring {
  const known = new Map<string, Known>()
  const newest = new Map<string, string>()
  const byScope = new Map<string, Known[]>()
  const tombstones = new Set<string>()

  function learnGrant(grant: LogRow): void {
    if (tombstones.has(grant.document)) return
    const recipients = grant.subject.split(',')
    const entry = known.get(grant.keyId) ?? begin(grant)
    for (const region of recipients) entry.recipients.add(region)
    // An emptied grant is a key that has not come: its tombstone may be on another origin's way.
    if (recipients.includes(keys.region) && grant.bytes?.length)
      // A copy: what came over a wire or from the database is a view into a much larger buffer.
      entry.wrapped.push(Uint8Array.from(grant.bytes))
  }

  function begin(grant: LogRow): Known {
    const entry: Known = {
      keyId: grant.keyId,
      // What is granted anew for an origin that has ended names the origin that made the key.
      origin: grant.author === '' ? grant.origin : grant.author,
      scope: grant.document,
      homeGroup: grant.homeGroup,
      recipients: new Set(),
      wrapped: [],
      plain: [],
      unwrapping: undefined,
    }
    known.set(entry.keyId, entry)
    newest.set(`${entry.origin} ${entry.scope}`, entry.keyId)
    byScope.set(entry.scope, [...(byScope.get(entry.scope) ?? []), entry])
    return entry
  }

  function erase(scope: string): void {
    tombstones.add(scope)
    for (const entry of byScope.get(scope) ?? []) {
      entry.wrapped = []
      entry.plain = []
      known.delete(entry.keyId)
      newest.delete(`${entry.origin} ${scope}`)
    }
    byScope.delete(scope)
  }

  async function unwrap(entry: Known): Promise<void> {
    while (entry.wrapped[0]) {
      const key = await unwrapKey(keys, entry.wrapped[0]).catch(() => undefined)
      entry.wrapped.shift()
      if (!key || tombstones.has(entry.scope)) continue
      if (!entry.plain.some((other) => sameBytes(other, key))) entry.plain.push(key)
    }
    entry.unwrapping = undefined
  }

  async function prepare(keyIds: Iterable<string>): Promise<void> {
    const under: Promise<void>[] = []
    for (const keyId of keyIds) {
      const entry = known.get(keyId)
      if (!entry || (entry.wrapped.length === 0 && !entry.unwrapping)) continue
      entry.unwrapping ??= unwrap(entry)
      under.push(entry.unwrapping)
    }
    if (under.length > 0) await Promise.all(under)
  }

  async function key(keyId: string): Promise<Uint8Array | undefined> {
    await prepare([keyId])
    return known.get(keyId)?.plain[0]
  }

  return {
    learn(row) {
      if (row.kind === 'grant') learnGrant(row)
      else if (row.kind === 'tombstone') erase(row.document)
    },
    erased: (scope) => tombstones.has(scope),
    active: (origin, scope) => newest.get(`${origin} ${scope}`),
    has(keyId) {
      const entry = known.get(keyId)
      return entry !== undefined && entry.wrapped.length + entry.plain.length > 0
    },
    prepare,
    keys: (keyId) => known.get(keyId)?.plain ?? none,
    key,
    async make(scope, regions) {
      if (tombstones.has(scope)) throw new Error('no keys are made for what was erased')
      const key = randomBytes(32)
      const recipients = [...regions].sort()
      const wrapped = await wrapKey(keys, key, recipients)
      return { keyId: base64url(randomBytes(16)), key, scope, recipients, wrapped }
    },
    async wrapFor(keyId, regions) {
      const plain = await key(keyId)
      return plain && wrapKey(keys, plain, [...regions].sort())
    },
    granted: () => known.values(),
    granting: (keyId) => known.get(keyId),
  }
}

const none: readonly Uint8Array[] = []

/** The scope of a document's keys: a patient's documents share one, so that erasing a patient is destroying keys. */
export function scopeOf(document: string): string {
  const [kind, id] = document.split('/')
  return kind === 'chart' || kind === 'journal' || kind === 'notices' ? patientScope(id!) : `${kind}/${id}`
}

export const groupScope = (homeGroup: string) => `group/${homeGroup}`
export const patientScope = (patientId: string) => `patient/${patientId}`
