import type { Context, Hono } from 'hono'
import type { RegionConfig } from '../config/config.ts'
import type { Admission } from '../documents/admission.ts'
import type { Identity, Tokens } from '../identity/tokens.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { HistoriesState } from '../replication/alarms.ts'
import type { PeerState, RegionStore, Vector } from '../store/ports.ts'

/** All that the HTTP interface stands on. */
export type HttpDeps = {
  config: RegionConfig
  store: RegionStore
  tokens: Tokens
  admission: Admission
  logger: Logger
  metrics: Metrics
  /** What this region knows of each of the others. */
  peers(): PeerState[]
  /** What an operator must know about the histories of origins. */
  histories(): HistoriesState
  /** What each of them has said that it flushed of the line of entries. */
  replicated: { current(): { [region: string]: Vector } }
  now(): Date
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number
}

export type HttpEnv = {
  Variables: {
    /** Whose request it is: set for every route that asks for a token. */
    identity: Identity
    /** Counts in bytes of a body that are kept in memory until the answer. False if there is no room for them. */
    holdBody(bytes: number): boolean
  }
}
export type HttpApp = Hono<HttpEnv>
export type HttpContext = Context<HttpEnv>
