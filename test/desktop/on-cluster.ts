import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type RunningCluster, startCluster } from '../support/cluster.ts'
import { demoPassword, signIn } from '../support/story.ts'
import { buildShell } from './build-shell.ts'
import { type Desktop, openDesktop, type RunningApp } from './launch.ts'

/**
 * Desktop apps on a real Electron, on the real cluster, for the tests of one file. Does nothing where they are left out.
 */
export function desktopOnCluster(leftOut: string | null) {
  const profiles = mkdtempSync(join(tmpdir(), 'meridian-desktop-'))
  let cluster: RunningCluster
  let desktop: Desktop

  beforeAll(async () => {
    if (leftOut !== null) return
    await buildShell()
    desktop = await openDesktop()
    cluster = await startCluster({ samples: true })
  })
  afterAll(async () => {
    await desktop?.close()
    await cluster?.stop()
    rmSync(profiles, { recursive: true, force: true })
  })

  return {
    profileOf: (region: string) => join(profiles, region),
    /** Every region's server at once. */
    servers: (act: 'stop' | 'start') =>
      Promise.all(
        Object.keys(cluster.ready.regions).map((region) =>
          cluster.control(`/regions/${region}/${act}`, { what: 'server' }),
        ),
      ),
    /** The app of a region's physician, always on the same profile, signed in. */
    async open(region: string): Promise<RunningApp> {
      const regions = Object.fromEntries(
        Object.entries(cluster.ready.regions).map(([name, { http, sync }]) => [name, { http, sync }]),
      )
      const profile = join(profiles, region)
      const running = await desktop.start({ profile, config: { region, regions } })
      await running.page.setViewportSize({ width: 1280, height: 800 })
      await signIn(running.page, { username: `physician.${region}`, password: demoPassword })
      return running
    },
  }
}
