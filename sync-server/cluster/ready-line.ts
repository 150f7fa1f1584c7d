import type { RegionPorts } from './ports.ts'
import { addressesOf } from './region-config.ts'

export type ReadyRegion = {
  region: string
  ports: RegionPorts
  database: string
  pids: { server: number; postgres: number }
}

/** What the command says on stdout when every region is ready: one line of JSON, without its end of line. */
export function readyLine(
  pid: number,
  mode: string,
  control: string,
  regions: readonly ReadyRegion[],
): string {
  return JSON.stringify({
    ready: true,
    pid,
    mode,
    control,
    regions: Object.fromEntries(
      regions.map(({ region, ports, database, pids }) => [region, { ...addressesOf(ports), database, pids }]),
    ),
  })
}
