import { type AccountConfig, type HomeGroupConfig, parseConfig } from '../config/config.ts'
import type { RegionPorts } from './ports.ts'
import type { RegionFolder } from './region-folder.ts'
import type { RegionIdentity } from './secrets.ts'
import { writeDurably } from './write-durably.ts'

/** A region as the configurations of all regions name it. */
export type Member = {
  region: string
  ports: RegionPorts
  identity: RegionIdentity
}

export type RegionConfigSpec = {
  own: Member
  folder: RegionFolder
  database: string
  /** The other members, with the port of the link proxy that leads there. */
  peers: readonly { member: Member; linkPort: number }[]
  homeGroups: HomeGroupConfig[]
  accounts: AccountConfig[]
  /** Folder of the built web edition, if it was built. */
  web: string | undefined
}

const host = '127.0.0.1'

export const httpOf = (ports: RegionPorts) => `http://${host}:${ports.http}`

/** Where devices reach a region. */
export function addressesOf(ports: RegionPorts): { http: string; sync: string } {
  return { http: httpOf(ports), sync: `ws://${host}:${ports.http}/sync` }
}

/** Writes the file with which a region's server is started. Throws `ConfigError` if the server would refuse it. */
export function writeRegionConfig(spec: RegionConfigSpec): void {
  const { own, folder } = spec
  const members = [own, ...spec.peers.map((peer) => peer.member)]
  const { path: _, ...secrets } = folder.secrets
  const config = {
    region: own.region,
    stateDir: folder.state,
    database: spec.database,
    http: { host, port: own.ports.http },
    ...(spec.web === undefined ? {} : { web: spec.web }),
    replication: { host, port: own.ports.replication },
    secrets,
    peers: spec.peers.map(({ member, linkPort }) => ({
      region: member.region,
      url: `wss://${host}:${linkPort}`,
      ...member.identity,
    })),
    homeGroups: spec.homeGroups,
    accounts: spec.accounts,
    directory: Object.fromEntries(members.map((member) => [member.region, addressesOf(member.ports)])),
  }
  parseConfig(config, folder.config)
  writeDurably(folder.config, `${JSON.stringify(config, undefined, 2)}\n`)
}
