import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { launchProfile } from '../../support/browser.ts'
import { type RunningCluster, startCluster } from '../../support/cluster.ts'
import { type RegionApi, signIn, untilEqual } from '../../support/region-api.ts'
import type { DeviceBenchArguments } from './arguments.ts'
import { importCharts } from './patients.ts'
import { probeScript } from './probe.ts'

/** Three regions with their databases, many patients, and a browser with a profile that is kept from start to start. */
export type Stage = {
  cluster: RunningCluster
  /** Frankfurt's address. */
  http: string
  /** A session that is good for some minutes. */
  api(): Promise<RegionApi>
  profile: string
  /** A window of the profile that was there before, with nothing in it yet. The one before is closed. */
  openWindow(): Promise<Page>
  closeWindow(): Promise<void>
  /** One more page of the same browser, for what is compared with. */
  anotherPage(): Promise<Page>
  /** Memory of a page that holds nothing, in a browser of its own. */
  bareMemory(): Promise<Memory | undefined>
  close(): Promise<void>
}

/** Without a clock for frames: a frame begins when it is asked for. */
const withoutFrameClock = ['--disable-frame-rate-limit', '--disable-gpu-vsync']

export async function setStage(asked: DeviceBenchArguments, log: (text: string) => void): Promise<Stage> {
  const cluster = await startCluster({
    ...(asked.data === undefined ? {} : { data: asked.data }),
    ...(asked.basePort === undefined ? {} : { basePort: asked.basePort }),
  })
  const profile = mkdtempSync(join(tmpdir(), 'meridian-device-bench-'))
  let context: BrowserContext | undefined
  const closeWindow = async () => {
    await context?.close()
    context = undefined
  }
  const close = async () => {
    await closeWindow()
    rmSync(profile, { recursive: true, force: true })
    await cluster.stop()
  }
  try {
    const regions = Object.values(cluster.ready.regions).map(({ http }) => http)
    const http = cluster.ready.regions['frankfurt']?.http
    if (http === undefined) throw new Error('the cluster has no Frankfurt')
    await fill(http, asked.patients, log)
    log('waiting for the other regions')
    await untilEqual(regions, 600_000)
    return {
      cluster,
      http,
      api: () => signIn(http, 'physician.frankfurt'),
      profile,
      async openWindow() {
        await closeWindow()
        context = await launchProfile(profile, withoutFrameClock)
        await context.addInitScript(probeScript)
        return context.pages()[0] ?? (await context.newPage())
      },
      closeWindow,
      async anotherPage() {
        if (!context) throw new Error('no window is open')
        return context.newPage()
      },
      async bareMemory() {
        const folder = mkdtempSync(join(tmpdir(), 'meridian-device-bench-'))
        const bare = await launchProfile(folder, withoutFrameClock)
        await bare.pages()[0]?.goto('data:text/html,<p>nothing')
        const memory = rendererMemory(folder)
        await bare.close()
        rmSync(folder, { recursive: true, force: true })
        return memory
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Adds what lacks to this many patients. */
async function fill(http: string, patients: number, log: (text: string) => void): Promise<void> {
  const operator = await signIn(http, 'operator')
  const { body } = await operator.get('/v1/worklist')
  const there = Array.isArray(body['patients']) ? body['patients'].length : 0
  if (there >= patients) return log(`${there} patients are there already`)
  const began = performance.now()
  const { bytes } = await importCharts(operator, patients, log)
  const seconds = (performance.now() - began) / 1000
  log(`${patients} charts, ${(bytes / 2 ** 20).toFixed(0)} MiB of FHIR, imported in ${seconds.toFixed(0)} s`)
}

/** Bytes of all files in a folder. */
export function bytesIn(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0
  return bytes
}

/** In bytes: resident, and the fair share of what is shared with other processes. */
export type Memory = { resident: number; share: number }

/** Memory of the largest renderer process of a profile; undefined where that cannot be read (`/proc`). */
export function rendererMemory(profile: string): Memory | undefined {
  const browser = processes().find(({ command }) => command.includes(`--user-data-dir=${profile}`))
  if (!browser) return undefined
  const renderers = processes().filter(
    ({ pid, command }) => command.includes('--type=renderer') && descends(pid, browser.pid),
  )
  return renderers
    .map(({ pid }) => ({ resident: kibibytes(pid, 'Rss'), share: kibibytes(pid, 'Pss') }))
    .sort((a, b) => b.resident - a.resident)[0]
}

function processes(): { pid: number; command: string }[] {
  try {
    return readdirSync('/proc').flatMap((name) => {
      const pid = Number(name)
      return Number.isInteger(pid)
        ? [{ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') }]
        : []
    })
  } catch {
    return []
  }
}

function descends(pid: number, from: number): boolean {
  for (let at = pid; at > 1; ) {
    if (at === from) return true
    at = Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${at}/status`))?.[1] ?? 0)
  }
  return false
}

function kibibytes(pid: number, what: string): number {
  const found = new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(read(`/proc/${pid}/smaps_rollup`))
  return Number(found?.[1] ?? 0) * 1024
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
