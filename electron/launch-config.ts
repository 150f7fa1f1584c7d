import type { PdfAnswer, PdfRequest } from './pdf-request.ts'

/** The addresses of one region's sync server. */
export interface RegionAddress {
  /** `https:`, or `http:` on 127.0.0.1. */
  readonly http: string
  /** `wss:`, or `ws:` on 127.0.0.1. */
  readonly sync: string
}

/** Which regions there are, and which of them this window asks first. */
export interface LaunchConfig {
  readonly region: string
  readonly regions: Readonly<Record<string, RegionAddress>>
}

/** What the page finds as `window.meridian`: frozen, and all that the shell tells it. */
export interface MeridianBridge {
  readonly desktop: true
  /** The app's version, as in package.json. */
  readonly version: string
  /** null when the app was started without `--config`: then the page asks. */
  readonly config: LaunchConfig | null
  /** Asks where, and puts the page as it would be printed into a PDF there. Never rejects. */
  readonly savePdf: (request: PdfRequest) => Promise<PdfAnswer>
  /** Calls back when the downtime pack is chosen in the menu; the answer ends that. */
  readonly onDowntime: (act: () => void) => () => void
}

/** A configuration, or the reason why the text is none. */
export type ParsedConfig = { readonly config: LaunchConfig } | { readonly problem: string }

/**
 * Reads the configuration that the app is given as JSON.
 *
 * Strict: an unknown field is refused, so that a `database` address with its password can't wander from
 * the cluster's output into the page. Addresses that the page's CSP would block are refused here, where
 * somebody can read why.
 */
export function parseLaunchConfig(json: string): ParsedConfig {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return { problem: 'it is not JSON' }
  }
  if (!isRecord(value)) return { problem: 'it is not an object' }
  const unknown = unknownField(value, ['region', 'regions'])
  if (unknown !== undefined) return { problem: `the field '${unknown}' is unknown` }
  if (typeof value['region'] !== 'string') return { problem: "'region' is not a text" }
  if (!isRecord(value['regions'])) return { problem: "'regions' is not an object" }

  const regions: [string, RegionAddress][] = []
  for (const [name, given] of Object.entries(value['regions'])) {
    const address = parseAddress(name, given)
    if ('problem' in address) return address
    regions.push([name, address])
  }
  const region = value['region']
  if (!regions.some(([name]) => name === region)) return { problem: `'${region}' is none of its regions` }
  return { config: { region, regions: Object.fromEntries(regions) } }
}

/** The configuration as the page's preload script gets it on its command line (ASCII, no spaces). */
export function encodeLaunchConfig(config: LaunchConfig): string {
  return encodeURIComponent(JSON.stringify(config))
}

/** The opposite of `encodeLaunchConfig`. */
export function decodeLaunchConfig(text: string): ParsedConfig {
  return parseLaunchConfig(decodeURIComponent(text))
}

function parseAddress(name: string, given: unknown): RegionAddress | { problem: string } {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name)) return { problem: `'${name}' can't be the name of a region` }
  if (!isRecord(given)) return { problem: `region '${name}' is not an object` }
  const unknown = unknownField(given, ['http', 'sync'])
  if (unknown !== undefined) return { problem: `region '${name}' has the unknown field '${unknown}'` }
  const { http, sync } = given
  if (!isAddress(http, 'https:', 'http:')) {
    return { problem: `'http' of region '${name}' must be https:, or http: on 127.0.0.1` }
  }
  if (!isAddress(sync, 'wss:', 'ws:')) {
    return { problem: `'sync' of region '${name}' must be wss:, or ws: on 127.0.0.1` }
  }
  return { http, sync }
}

function isAddress(value: unknown, secure: string, loopbackOnly: string): value is string {
  if (typeof value !== 'string') return false
  try {
    const url = new URL(value)
    if (url.username !== '' || url.password !== '') return false
    return url.protocol === secure || (url.protocol === loopbackOnly && url.hostname === '127.0.0.1')
  } catch {
    return false
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unknownField(value: Record<string, unknown>, known: readonly string[]): string | undefined {
  return Object.keys(value).find((field) => !known.includes(field))
}
