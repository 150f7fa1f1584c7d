import { execFile } from 'node:child_process'
import { _electron, type ElectronApplication, type Page } from 'playwright'
import { type AppStart, appArguments, appEnvironment, CHECKOUT, needsNoSandbox } from './app-arguments.ts'
import { openDisplay } from './display.ts'
import { type FoundElectron, findElectron } from './electron-binary.ts'
import { fallbackFits } from './electron-fallback.ts'

/** How long one start of the app may take, in milliseconds. */
const START_TIMEOUT_MS = 60_000
/** How long the app may take to close by itself, in milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000

/** A running app with its window. */
export interface RunningApp {
  readonly app: ElectronApplication
  readonly page: Page
  /** Closes it as its user would, and ends it if it doesn't close. */
  close(): Promise<void>
  /** Ends it without a word (SIGKILL). */
  kill(): Promise<void>
}

/** An Electron and a display to run it on. */
export interface Desktop {
  readonly electron: FoundElectron
  /** Starts the app under Playwright and waits for its window. */
  start(start: AppStart): Promise<RunningApp>
  /** Starts the app by itself and waits for its end. */
  startToEnd(start: AppStart): Promise<{ status: number | null; stderr: string }>
  /** Ends every app and the display that this desktop started. */
  close(): Promise<void>
}

/**
 * Null where the desktop tests have to run. Else why they are left out, which it prints too: the platform has
 * no fallback and npm's Electron can't be had. (On Linux x64 a missing Electron is a failure.)
 */
export async function desktopLeftOut(): Promise<string | null> {
  if (fallbackFits()) return null
  const electron = await findElectron()
  if (!('missing' in electron)) return null
  console.warn(`The desktop tests are left out on ${process.platform} ${process.arch}: ${electron.missing}`)
  return electron.missing
}

/** Finds an Electron and opens a display. Fails with the reason if there is none of either. */
export async function openDesktop(): Promise<Desktop> {
  const electron = await findElectron()
  if ('missing' in electron) throw new Error(`The desktop tests need an Electron.\n${electron.missing}`)
  const display = await openDisplay()
  const running = new Set<RunningApp>()

  return {
    electron,
    async start(start) {
      const app = await _electron.launch({
        executablePath: electron.path,
        args: appArguments(start),
        cwd: CHECKOUT,
        env: { ...appEnvironment(start), ...display.env },
        chromiumSandbox: !needsNoSandbox(),
        timeout: START_TIMEOUT_MS,
      })
      try {
        const page = await app.firstWindow({ timeout: START_TIMEOUT_MS })
        const handle = handleOf(app, page, (ended) => running.delete(ended))
        running.add(handle)
        return handle
      } catch (error) {
        app.process().kill('SIGKILL')
        throw error
      }
    },
    startToEnd(start) {
      const options = {
        cwd: CHECKOUT,
        env: { ...appEnvironment(start), ...display.env },
        timeout: START_TIMEOUT_MS,
        killSignal: 'SIGKILL' as const,
      }
      return new Promise((done) => {
        const child = execFile(electron.path, appArguments(start), options, (_error, _stdout, stderr) =>
          done({ status: child.exitCode, stderr }),
        )
      })
    },
    async close() {
      await Promise.all([...running].map((app) => app.close()))
      await display.close()
    },
  }
}

function handleOf(app: ElectronApplication, page: Page, ended: (handle: RunningApp) => void): RunningApp {
  const child = app.process()
  const exited = new Promise<void>((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done()
    else child.once('exit', () => done())
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
    ended(handle)
  }
  const handle: RunningApp = {
    app,
    page,
    kill,
    async close() {
      const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT_MS)
      await Promise.all([app.close().catch(() => {}), exited])
      clearTimeout(timer)
      ended(handle)
    },
  }
  return handle
}
