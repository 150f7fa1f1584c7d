import { randomBytes } from 'node:crypto'
import { base64url } from '../../domain/entries/canonical.ts'
import type { LogRow } from '../store/log-row.ts'
import { unwrapKey, type WrappingKeys, wrapKey } from './wrapping.ts'

/**
 * The document keys of one line of the log. A key belongs to one scope (a patient, a thread, a note, a group) and to the
 * origin that made it. It becomes known by a grant, a row of the log that stands before the key's first use.
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
  /** Takes a flushed grant into account. */
  learn(grant: LogRow): void
  /** The key under which an origin seals a scope now, if there is one. */
  active(origin: string, scope: string): string | undefined
  /** A key, if it was granted to this region. */
  key(keyId: string): Promise<Uint8Array | undefined>
  /** A fresh key for a scope, wrapped for these regions. It is not in the ring before its grant is learnt. */
  make(scope: string, regions: readonly string[]): Promise<NewKey>
  /** Wraps a known key for more regions. */
  wrapFor(keyId: string, regions: readonly string[]): Promise<Uint8Array | undefined>
  /** Keys that an origin's region made, with the regions that may open them. */
  granted(): Iterable<{
    keyId: string
    origin: string
    scope: string
    homeGroup: string
    recipients: Set<string>
  }>
}

type Known = {
  keyId: string
  origin: string
  scope: string
  homeGroup: string
  recipients: Set<string>
  wrapped: Uint8Array[]
  plain?: Promise<Uint8Array | undefined>
}

export function createKeyring(keys: WrappingKeys): Keyring {
  const known = new Map<string, Known>()
  const newest = new Map<string, string>()

  return {
    learn(grant) {
      const recipients = grant.subject.split(',')
      const entry = known.get(grant.keyId)
      if (entry) for (const region of recipients) entry.recipients.add(region)
      const target = entry ?? {
        keyId: grant.keyId,
        origin: grant.origin,
        scope: grant.document,
        homeGroup: grant.homeGroup,
        recipients: new Set(recipients),
        wrapped: [],
      }
      if (recipients.includes(keys.region) && grant.bytes) target.wrapped.push(grant.bytes)
      known.set(grant.keyId, target)
      if (!entry) newest.set(`${grant.origin} ${grant.document}`, grant.keyId)
    },
    active: (origin, scope) => newest.get(`${origin} ${scope}`),
    async key(keyId) {
      const entry = known.get(keyId)
      const wrapped = entry?.wrapped[0]
      if (!entry || !wrapped) return undefined
      entry.plain ??= unwrapKey(keys, wrapped)
      return entry.plain
    },
    async make(scope, regions) {
      const key = randomBytes(32)
      const recipients = [...regions].sort()
      const wrapped = await wrapKey(keys, key, recipients)
      return { keyId: base64url(randomBytes(16)), key, scope, recipients, wrapped }
    },
    async wrapFor(keyId, regions) {
      const key = await this.key(keyId)
      return key && wrapKey(keys, key, [...regions].sort())
    },
    granted: () => known.values(),
  }
}

/** The scope of a document's keys: a patient's documents share one, so that erasing a patient is destroying keys. */
export function scopeOf(document: string): string {
  const [kind, id] = document.split('/')
  return kind === 'chart' || kind === 'journal' || kind === 'notices' ? `patient/${id}` : `${kind}/${id}`
}
