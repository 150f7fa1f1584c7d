import { generateKeyPairSync, randomUUID, scryptSync } from 'node:crypto'
import { parseConfig, type RegionConfig } from '../config/config.ts'

/** Signing key pair of an invented region, as JWKs. */
export function sampleSigningKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const kid = randomUUID()
  return {
    private: { ...privateKey.export({ format: 'jwk' }), kid },
    public: { ...publicKey.export({ format: 'jwk' }), kid },
  }
}

type Peer = { region: string; signingKey: { [member: string]: unknown } }

/**
 * A configuration for tests: Frankfurt with three home groups and the accounts of the development cluster, whose
 * password is `meridian`. Nothing in it is listened on.
 */
export function sampleConfig({
  region = 'frankfurt',
  peers = [] as Peer[],
  passwordHash = cheapHash('meridian'),
  over = {} as { [field: string]: unknown },
} = {}): RegionConfig {
  const account = (username: string, role: string, homeGroup: string, sources: unknown = 'any') => ({
    username,
    name: `${role} of ${homeGroup}`,
    role,
    organisation: `Hospital ${homeGroup}`,
    homeGroups: [homeGroup],
    passwordHash,
    sources,
  })
  const known = [region, ...peers.map((p) => p.region)]
  const group = (name: string, home: string) => ({
    name,
    home: known.includes(home) ? home : region,
    regions: known,
    timeZone: 'Europe/Berlin',
  })
  return parseConfig(
    {
      region,
      stateDir: '/nowhere',
      database: 'postgres://127.0.0.1:1/nowhere',
      http: { port: 1 },
      replication: { port: 2 },
      secrets: {
        tlsKey: '/nowhere',
        tlsCertificate: '/nowhere',
        wrappingKey: '/nowhere',
        signingKey: '/nowhere',
      },
      peers: peers.map((peer) => ({
        ...peer,
        url: `wss://127.0.0.1:3/${peer.region}`,
        certificate: '-----BEGIN CERTIFICATE-----',
        wrappingKey: { kty: 'EC' },
      })),
      homeGroups: [
        group('frankfurt-general', 'frankfurt'),
        group('london-royal', 'london'),
        group('nairobi-north', 'nairobi'),
      ],
      accounts: [
        account('physician.frankfurt', 'physician', 'frankfurt-general'),
        account('nurse.frankfurt', 'nurse', 'frankfurt-general', ['lab']),
        account('physician.london', 'physician', 'london-royal'),
        account('operator', 'operator', 'frankfurt-general'),
      ],
      directory: {
        frankfurt: { http: 'http://127.0.0.1:9010', sync: 'ws://127.0.0.1:9010/sync' },
        london: { http: 'http://127.0.0.1:9020', sync: 'ws://127.0.0.1:9020/sync' },
      },
      ...over,
    },
    'sample',
  )
}

/** Of the least cost, so that tests sign in fast. */
function cheapHash(password: string): string {
  const salt = Buffer.alloc(16, 7)
  const hash = scryptSync(password, salt, 32, { N: 2, r: 1, p: 1 })
  return `scrypt$2$1$1$${salt.toString('base64url')}$${hash.toString('base64url')}`
}
