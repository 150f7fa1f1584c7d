import type { Context, Hono } from 'hono'
import type { RegionConfig } from '../config/config.ts'
import type { Admission } from '../documents/admission.ts'
import type { Identity, Tokens } from '../identity/tokens.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { PeerState, RegionStore } from '../store/ports.ts'

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
  now(): Date
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number
}

/** Whose request it is: set for every route that asks for a token. */
export type HttpEnv = { Variables: { identity: Identity } }
export type HttpApp = Hono<HttpEnv>
export type HttpContext = Context<HttpEnv>
