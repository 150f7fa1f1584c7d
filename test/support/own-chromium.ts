import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium, type Page } from 'playwright'
import { chromiumHere, quietChromium } from './browser.ts'

/**
 * A Chromium that keeps its profile in a folder, and that can be killed with all its processes: for what has to outlive
 * the browser. It is a process group of its own.
 */
export type OwnChromium = {
  page: Page
  /** SIGKILL to every process of it. Resolves when it is gone. */
  kill(): Promise<void>
}

/** Rejects if it does not start within 30 s. */
export async function startOwnChromium(profile: string): Promise<OwnChromium> {
  // Left behind by one that was killed.
  for (const name of ['SingletonLock', 'SingletonCookie', 'SingletonSocket', 'DevToolsActivePort'])
    rmSync(join(profile, name), { force: true })
  const child = spawn(
    chromiumHere(),
    [
      ...quietChromium,
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      '--window-size=1280,800',
      'about:blank',
    ],
    { detached: true, stdio: 'ignore' },
  )
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const kill = async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await gone
  }
  try {
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${await portOf(profile)}`)
    const [context] = browser.contexts()
    const page = context?.pages()[0] ?? (await context?.newPage())
    if (!page) throw new Error('Chromium has no window')
    return { page, kill }
  } catch (error) {
    await kill()
    throw error
  }
}

async function portOf(profile: string): Promise<number> {
  const file = join(profile, 'DevToolsActivePort')
  for (let tries = 0; tries < 300; tries++) {
    const [port] = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    if (port) return Number(port)
    await sleep(100)
  }
  throw new Error('Chromium did not start within 30 s')
}
