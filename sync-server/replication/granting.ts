import { parseOrigin } from '../../domain/entries/origin.ts'
import type { GrantedKey } from '../keys/keyring.ts'
import { grantRow } from '../store/group.ts'
import type { LineLog } from '../store/line-log.ts'

/**
 * Sees to it that every region that may open what a key seals can: regions join, and home groups are opened to more
 * regions, long after keys were made.
 *
 * 1. Who may have a key is the configuration of its home group, nothing else.
 * 2. The region that made a key grants it. While that region has been out of reach for some time, the first region by
 *    name does that has the key and is in reach. Two that see different peers may both do it, which harms nobody.
 * 3. A grant is a row of the one who grants, and names the origin that made the key.
 */
export type Granting = {
  /** To be called every second or so. Resolves when what was due is granted. */
  tick(): Promise<void>
  close(): void
}

export type GrantingDeps = {
  region: string
  logs: readonly Pick<LineLog, 'line' | 'keyring' | 'writer' | 'onFlushed' | 'recipientsOf' | 'epochOf'>[]
  /** Is this peer followed and heard of now? */
  reachable(region: string): boolean
  /** Monotonic, in ms. */
  now(): number
  info(message: string, detail: object): void
}

/** Keys that are granted together: one flush, and clinicians' entries between two of them. */
const batchKeys = 100
/** A region that made keys is waited for so long, in ms. */
const patienceMs = 5000

type Due = GrantedKey & { missing: string[] }

export function createGranting({ region, logs, reachable, now, info }: GrantingDeps): Granting {
  const awaySince = new Map<string, number>()
  let running: Promise<void> | undefined
  let closed = false
  const watched = logs.map((log) => {
    /** Keys that some region may have and has not. */
    const lacking = new Set<string>()
    const look = (key: GrantedKey | undefined) => {
      if (!key) return
      if (missingOf(log, key).length > 0) lacking.add(key.keyId)
      else lacking.delete(key.keyId)
    }
    for (const key of log.keyring.granted()) look(key)
    const stop = log.onFlushed((rows) => {
      for (const { row } of rows) if (row.kind === 'grant') look(log.keyring.granting(row.keyId))
    })
    return { log, lacking, stop }
  })

  function isAway(peer: string): boolean {
    if (peer === region || reachable(peer)) {
      awaySince.delete(peer)
      return false
    }
    const since = awaySince.get(peer) ?? now()
    awaySince.set(peer, since)
    return now() - since >= patienceMs
  }

  function isMine({ origin, recipients }: GrantedKey): boolean {
    const maker = parseOrigin(origin)?.region ?? ''
    if (maker === region) return true
    if (!isAway(maker)) return false
    const able = [...recipients].filter((peer) => peer === region || (peer !== maker && reachable(peer)))
    return able.sort()[0] === region
  }

  async function grantDue({ log, lacking }: (typeof watched)[number]): Promise<void> {
    const due: Due[] = []
    for (const keyId of lacking) {
      const key = log.keyring.granting(keyId)
      const missing = key ? missingOf(log, key) : []
      if (!key || missing.length === 0) lacking.delete(keyId)
      else if (isMine(key) && log.keyring.has(keyId)) due.push({ ...key, missing })
    }
    let keys = 0
    for (let at = 0; at < due.length && !closed; at += batchKeys) {
      const part = due.slice(at, at + batchKeys)
      const rows = (await Promise.all(part.map((key) => rowFor(log, key)))).filter((row) => row !== undefined)
      if (!(await log.writer.state(rows))) break
      keys += rows.length
    }
    if (keys > 0) info('keys are granted to regions that had not got them', { line: log.line, keys })
  }

  return {
    tick() {
      running ??= (async () => {
        for (const one of watched) await grantDue(one)
      })().finally(() => {
        running = undefined
      })
      return running
    },
    close() {
      closed = true
      for (const { stop } of watched) stop()
    },
  }
}

function missingOf({ recipientsOf }: Pick<LineLog, 'recipientsOf'>, { homeGroup, recipients }: GrantedKey) {
  return recipientsOf(homeGroup).filter((region) => !recipients.has(region))
}

async function rowFor({ keyring, epochOf }: Pick<LineLog, 'keyring' | 'epochOf'>, key: Due) {
  const { keyId, scope, homeGroup, origin, missing } = key
  const wrapped = await keyring.wrapFor(keyId, missing)
  return (
    wrapped && grantRow({ epochOf }, { keyId, scope, homeGroup, recipients: missing, wrapped, maker: origin })
  )
}
