import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { CompactEncrypt, compactDecrypt, importJWK, type JWK, jwtVerify, SignJWT } from 'jose'
import { afterAll, expect, test } from 'vitest'
import { loadConfig } from '../config/config.ts'
import { accountsOf, homeGroupsOf } from './people.ts'
import { portsOfRegion } from './ports.ts'
import { writeRegionConfig } from './region-config.ts'
import { regionFolder } from './region-folder.ts'
import { makeSecrets, readIdentity } from './secrets.ts'

const temp = mkdtempSync(join(tmpdir(), 'meridian-secrets-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))
const folders = { frankfurt: regionFolder(temp, 'frankfurt'), london: regionFolder(temp, 'london') }
await makeSecrets('frankfurt', folders.frankfurt.secrets)
await makeSecrets('london', folders.london.secrets)
const identities = {
  frankfurt: readIdentity(folders.frankfurt.secrets),
  london: readIdentity(folders.london.secrets),
}
const read = (file: string) => readFileSync(file, 'utf8')

test('CL24 two regions know each other by their certificates, at 127.0.0.1 and by name', async () => {
  for (const servername of ['127.0.0.1', 'frankfurt']) {
    const server = createServer({
      key: read(folders.frankfurt.secrets.tlsKey),
      cert: identities.frankfurt.certificate,
      ca: [identities.london.certificate],
      requestCert: true,
      rejectUnauthorized: true,
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect({
      host: '127.0.0.1',
      port: (server.address() as { port: number }).port,
      ...(servername === '127.0.0.1' ? {} : { servername }),
      key: read(folders.london.secrets.tlsKey),
      cert: identities.london.certificate,
      ca: [identities.frankfurt.certificate],
    })
    const [[accepted]] = await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')])
    expect(client.authorized && accepted.authorized).toBe(true)
    expect(accepted.getPeerCertificate().subject.CN).toBe('london')
    client.destroy()
    server.close()
  }
})

test('CL24 keys sign tokens and wrap keys, private parts stay in files of their owner', async () => {
  const { frankfurt } = identities
  expect(frankfurt.signingKey).toMatchObject({ kid: 'frankfurt-1', crv: 'P-256', kty: 'EC' })
  expect(JSON.stringify(frankfurt)).not.toContain('"d"')
  const signing = JSON.parse(read(folders.frankfurt.secrets.signingKey)) as JWK
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256' })
    .sign(await importJWK(signing, 'ES256'))
  await jwtVerify(token, await importJWK(frankfurt.signingKey, 'ES256'))
  const sealed = await new CompactEncrypt(Buffer.from('key'))
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM' })
    .encrypt(await importJWK(frankfurt.wrappingKey, 'ECDH-ES+A256KW'))
  const own = JSON.parse(read(folders.frankfurt.secrets.wrappingKey)) as JWK
  const opened = await compactDecrypt(sealed, await importJWK(own, 'ECDH-ES+A256KW'))
  expect(Buffer.from(opened.plaintext).toString()).toBe('key')
  for (const file of Object.values(folders.frankfurt.secrets).slice(1))
    expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('CL25 every region gets a home group, a physician and a configuration that a server takes', async () => {
  const regions = ['frankfurt', 'london', 'nairobi', 'sao-paulo']
  const accounts = await accountsOf(regions)
  expect(accounts.map((account) => account.username)).toEqual([
    'physician.frankfurt',
    'nurse.frankfurt',
    'physician.london',
    'physician.nairobi',
    'nurse.nairobi',
    'physician.sao-paulo',
    'operator',
  ])
  expect(homeGroupsOf(regions).map((group) => [group.name, group.home, group.timeZone])).toEqual([
    ['frankfurt-general', 'frankfurt', 'Europe/Berlin'],
    ['london-royal', 'london', 'Europe/London'],
    ['nairobi-north', 'nairobi', 'Africa/Nairobi'],
    ['sao-paulo-general', 'sao-paulo', 'UTC'],
  ])
  expect(accounts.at(-1)?.homeGroups).toHaveLength(4)

  const member = (region: 'frankfurt' | 'london', index: number) => ({
    region,
    ports: portsOfRegion(9000, index),
    identity: identities[region],
  })
  const pair = ['frankfurt', 'london']
  writeRegionConfig({
    own: member('frankfurt', 0),
    folder: folders.frankfurt,
    database: 'postgres://meridian:secret@127.0.0.1:9012/meridian',
    peers: [{ member: member('london', 1), linkPort: 9110 }],
    homeGroups: homeGroupsOf(pair),
    accounts: await accountsOf(pair),
    web: undefined,
  })
  expect(loadConfig(folders.frankfurt.config, {})).toMatchObject({
    region: 'frankfurt',
    http: { port: 9010 },
    replication: { port: 9011 },
    peers: [{ region: 'london', url: 'wss://127.0.0.1:9110' }],
    directory: { london: { http: 'http://127.0.0.1:9020', sync: 'ws://127.0.0.1:9020/sync' } },
  })
})
