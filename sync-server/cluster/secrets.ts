import 'reflect-metadata'
import { mkdirSync, readFileSync } from 'node:fs'
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import type { RegionFolder } from './region-folder.ts'
import { writeDurably } from './write-durably.ts'

/** What the other regions must know of a region's secrets. */
export type RegionIdentity = {
  /** PEM. */
  certificate: string
  /** Public JWK, ECDH-ES P-256: document keys for this region are wrapped for it. */
  wrappingKey: JWK & { kty: string }
  /** Public JWK, ES256, with `kid`: tokens of this region are checked with it. */
  signingKey: JWK & { kty: string }
}

const certificateYears = 10

/** Makes the keys of a region, each in a file that its owner alone can read. */
export async function makeSecrets(region: string, files: RegionFolder['secrets']): Promise<void> {
  mkdirSync(files.path, { recursive: true, mode: 0o700 })
  const tls = await makeCertificate(region)
  writeDurably(files.tlsKey, tls.key)
  writeDurably(files.tlsCertificate, tls.certificate)
  writeDurably(files.wrappingKey, await privateJwk('ECDH-ES+A256KW', {}))
  writeDurably(files.signingKey, await privateJwk('ES256', { kid: `${region}-1` }))
}

/** The public half of a region's keys. */
export function readIdentity(files: RegionFolder['secrets']): RegionIdentity {
  return {
    certificate: readFileSync(files.tlsCertificate, 'utf8'),
    wrappingKey: publicJwk(files.wrappingKey),
    signingKey: publicJwk(files.signingKey),
  }
}

async function makeCertificate(region: string): Promise<{ key: string; certificate: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  // An hour back: a certificate must be valid at once, also for a process whose clock is a little behind.
  const notBefore = new Date(Date.now() - 3_600_000)
  const notAfter = new Date(notBefore)
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + certificateYears)
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${region}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore,
    notAfter,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: region },
      ]),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    ],
  })
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return {
    key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}(?=.)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
    certificate: `${certificate.toString('pem')}\n`,
  }
}

async function privateJwk(algorithm: 'ES256' | 'ECDH-ES+A256KW', names: { kid?: string }): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true, crv: 'P-256' })
  const jwk = { ...(await exportJWK(privateKey)), alg: algorithm, ...names }
  return `${JSON.stringify(jwk)}\n`
}

function publicJwk(file: string): JWK & { kty: string } {
  const { d: _, ...open } = JSON.parse(readFileSync(file, 'utf8')) as JWK & { kty: string }
  return open
}
