import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What a region keeps in `DIR/<region>/`. `postgres/` is the database's folder and nothing else: copying it back
 * over itself is a restored disk, and the rest stays as it was.
 */
export type RegionFolder = {
  path: string
  postgres: string
  /** What the server keeps outside the database: its witness. */
  state: string
  databasePassword: string
  config: string
  serverPid: string
  secrets: { path: string; tlsKey: string; tlsCertificate: string; wrappingKey: string; signingKey: string }
}

export function regionFolder(dataDir: string, region: string): RegionFolder {
  const path = join(dataDir, region)
  const secrets = join(path, 'secrets')
  return {
    path,
    postgres: join(path, 'postgres'),
    state: join(path, 'state'),
    databasePassword: join(path, 'database-password'),
    config: join(path, 'config.json'),
    serverPid: join(path, 'server.pid'),
    secrets: {
      path: secrets,
      tlsKey: join(secrets, 'tls-key.pem'),
      tlsCertificate: join(secrets, 'tls-certificate.pem'),
      wrappingKey: join(secrets, 'wrapping-key.json'),
      signingKey: join(secrets, 'signing-key.json'),
    },
  }
}

export const postgresVersion = '18'

/** What an initialised region's folder lacks, in words, or undefined if nothing. Looks at what must be there, not into it. */
export function whatIsMissing(folder: RegionFolder): string | undefined {
  const { path: _, ...secrets } = folder.secrets
  for (const file of [folder.databasePassword, ...Object.values(secrets)])
    if (sizeOf(file) === 0) return `${file} is missing or empty`
  const versionFile = join(folder.postgres, 'PG_VERSION')
  if (sizeOf(versionFile) === 0) return `${versionFile} is missing or empty`
  const found = readFileSync(versionFile, 'utf8').trim()
  if (found !== postgresVersion)
    return `${folder.postgres} belongs to PostgreSQL ${found}, not to PostgreSQL ${postgresVersion}`
  const control = join(folder.postgres, 'global', 'pg_control')
  if (sizeOf(control) === 0) return `${control} is missing or empty`
  for (const part of ['base', 'pg_wal'].map((name) => join(folder.postgres, name)))
    if (!statSync(part, { throwIfNoEntry: false })?.isDirectory()) return `${part} is missing`
  return undefined
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
