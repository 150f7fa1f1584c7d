import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { regionPattern } from '../../domain/entries/origin.ts'

/**
 * Configuration of one region's server: a JSON file, and environment variables that override what an operator
 * keeps out of files (`DATABASE_URL`, `MERIDIAN_HTTP_PORT`, `MERIDIAN_REPLICATION_PORT`). Everything is parsed here, once.
 */

const region = z.string().regex(regionPattern, 'a region is lower-case letters, digits and -, at most 32')
const port = z.int().min(1).max(65535)
const jwk = z.looseObject({ kty: z.string() })
const address = z.strictObject({ host: z.string().default('127.0.0.1'), port })

const peer = z.strictObject({
  region,
  /** Where this region reaches the peer's replication port, `wss://host:port`. */
  url: z.url({ protocol: /^wss$/ }),
  /** The peer's TLS certificate, PEM: the only one that is accepted of it, in both directions. */
  certificate: z.string().startsWith('-----BEGIN CERTIFICATE-----'),
  /** Public key for which document keys are wrapped (ECDH-ES, P-256, JWK). */
  wrappingKey: jwk,
  /** Public key that signs the peer's tokens (ES256, JWK with `kid`). */
  signingKey: jwk,
})

const homeGroup = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  home: region,
  policy: z.enum(['home', 'majority']).default('home'),
  /** Regions that may open the group's documents. */
  regions: z.array(region).min(1),
  timeZone: z.string(),
})

const account = z.strictObject({
  username: z.string().min(1).max(64),
  name: z.string().min(1),
  role: z.enum(['physician', 'nurse', 'operator']),
  organisation: z.string().min(1),
  homeGroups: z.array(z.string()).min(1),
  /** `scrypt$<N>$<r>$<p>$<salt base64url>$<hash base64url>`. */
  passwordHash: z.string().startsWith('scrypt$'),
  /** Sources for which this account may speak in an import. */
  sources: z.union([z.literal('any'), z.array(z.string())]),
})

export const configShape = z.strictObject({
  region,
  /** Folder for what belongs to the region outside the database: witness, state. */
  stateDir: z.string().min(1),
  database: z.url({ protocol: /^postgres(ql)?$/ }),
  http: address,
  /** Folder of the built web edition, served at `/`; none if left out. */
  web: z.string().optional(),
  replication: address,
  /** Files of this region's own secrets, each readable by the server alone. */
  secrets: z.strictObject({
    tlsKey: z.string(),
    tlsCertificate: z.string(),
    /** Private JWK, ECDH-ES P-256. */
    wrappingKey: z.string(),
    /** Private JWK, ES256, with `kid`. */
    signingKey: z.string(),
  }),
  peers: z.array(peer).default([]),
  homeGroups: z.array(homeGroup).min(1),
  accounts: z.array(account).default([]),
  /** Where devices reach each region, told to apps before they sign in. */
  directory: z.record(region, z.strictObject({ http: z.url(), sync: z.url() })),
  limits: z
    .strictObject({
      importBytes: z
        .int()
        .min(1024)
        .default(64 * 1024 * 1024),
      /** Entries that wait for the writer before new ones are answered with `busy`. */
      pendingEntries: z.int().min(1).default(20_000),
    })
    .default({ importBytes: 64 * 1024 * 1024, pendingEntries: 20_000 }),
})

export type RegionConfig = z.infer<typeof configShape>
export type PeerConfig = z.infer<typeof peer>
export type HomeGroupConfig = z.infer<typeof homeGroup>
export type AccountConfig = z.infer<typeof account>

/** A configuration that cannot be used. `message` has one line for each mistake: where it is and what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** Reads and checks a configuration. Throws {@link ConfigError}. */
export function loadConfig(file: string, env: NodeJS.ProcessEnv): RegionConfig {
  return parseConfig(withEnvironment(readJson(file), env), file)
}

function readJson(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(
      `${file}: cannot be read (${(error as NodeJS.ErrnoException).code}); give --config a readable file`,
    )
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ConfigError(`${file}: is no JSON (${(error as Error).message})`)
  }
}

function withEnvironment(raw: unknown, env: NodeJS.ProcessEnv): unknown {
  if (typeof raw !== 'object' || raw === null) return raw
  const config = structuredClone(raw) as Record<string, unknown>
  if (env['DATABASE_URL']) config['database'] = env['DATABASE_URL']
  for (const [name, part] of [
    ['MERIDIAN_HTTP_PORT', 'http'],
    ['MERIDIAN_REPLICATION_PORT', 'replication'],
  ] as const)
    if (env[name]) config[part] = { ...(config[part] as object), port: Number(env[name]) }
  return config
}

/** Checks a configuration that has been read already. `where` names it in messages. */
export function parseConfig(raw: unknown, where: string): RegionConfig {
  const parsed = configShape.safeParse(raw)
  if (!parsed.success)
    throw new ConfigError(
      parsed.error.issues.map((i) => `${where}: ${i.path.join('.') || '(top)'}: ${i.message}`).join('\n'),
    )
  const mistakes = [...contradictions(parsed.data)]
  if (mistakes.length > 0) throw new ConfigError(mistakes.map((m) => `${where}: ${m}`).join('\n'))
  return parsed.data
}

function* contradictions(config: RegionConfig): Generator<string> {
  const regions = new Set([config.region, ...config.peers.map((p) => p.region)])
  if (config.peers.some((p) => p.region === config.region))
    yield `peers: ${config.region} lists itself as a peer; leave it out`
  if (regions.size !== config.peers.length + 1) yield 'peers: a region is listed twice'
  for (const group of config.homeGroups) {
    if (!regions.has(group.home))
      yield `homeGroups: the home ${group.home} of ${group.name} is no region of this cluster`
    if (!group.regions.includes(group.home))
      yield `homeGroups: ${group.name} is not open to its own home ${group.home}`
  }
  const groups = new Set(config.homeGroups.map((g) => g.name))
  for (const account of config.accounts)
    for (const group of account.homeGroups)
      if (!groups.has(group)) yield `accounts: ${account.username} belongs to the unknown home group ${group}`
}
