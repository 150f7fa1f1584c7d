import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AppStart } from './app-arguments.ts'
import { buildShell } from './build-shell.ts'
import { findElectron } from './electron-binary.ts'
import { writeFixtureRenderer } from './fixture-renderer.ts'
import { type Desktop, desktopLeftOut, openDesktop, type RunningApp } from './launch.ts'

const CONFIG = {
  region: 'nairobi',
  regions: {
    frankfurt: { http: 'http://127.0.0.1:9010', sync: 'ws://127.0.0.1:9010/sync' },
    nairobi: { http: 'https://nairobi.example', sync: 'wss://nairobi.example/sync' },
  },
}

const leftOut = (await desktopLeftOut()) !== null

let desktop: Desktop
let rendererDir: string
const profiles: string[] = []

beforeAll(async () => {
  await buildShell()
  rendererDir = await writeFixtureRenderer()
  desktop = await openDesktop()
  console.log(`Electron ${desktop.electron.version} (${desktop.electron.source}): ${desktop.electron.path}`)
})

afterAll(async () => {
  await desktop?.close()
  for (const folder of [...profiles, ...(rendererDir ? [dirname(rendererDir)] : [])]) {
    await rm(folder, { recursive: true, force: true })
  }
})

async function newStart(more: Partial<AppStart> = {}): Promise<AppStart> {
  const profile = await mkdtemp(join(tmpdir(), 'meridian-profile-'))
  profiles.push(profile)
  return { profile, rendererDir, ...more }
}

describe.skipIf(leftOut)('the page in the window', () => {
  let running: RunningApp
  let outside: OutsideServer

  beforeAll(async () => {
    outside = await startOutsideServer()
    // A microphone that can be refused.
    const args = ['--use-fake-device-for-media-stream']
    running = await desktop.start(await newStart({ config: CONFIG, args }))
    await running.page.waitForFunction('window.moduleRan')
  })
  afterAll(async () => {
    await running?.close()
    await outside?.close()
  })
  beforeEach(() => {
    outside.seen.length = 0
  })

  it('EL1 opens one window on app://meridian/ in a secure context with an origin of its own', async () => {
    expect(running.page.url()).toBe('app://meridian/')
    expect(await running.page.evaluate('[origin, isSecureContext, typeof crypto.subtle]')).toEqual([
      'app://meridian',
      true,
      'object',
    ])
    expect(running.app.windows()).toHaveLength(1)
    expect(await running.page.title()).toBe('Meridian fixture')
    await running.page.screenshot({ path: 'test-results/desktop-shell.png' })
  })

  it('EL2 gives the page its files with their types, and index.html for its routes', async () => {
    const of = (path: string) => running.page.evaluate(fetchIn, path)
    expect(await of('/assets/app.js')).toMatchObject({ status: 200, type: 'text/javascript; charset=utf-8' })
    expect(await of('/assets/app.css')).toMatchObject({ status: 200, type: 'text/css; charset=utf-8' })
    expect(await of('/assets/icon.svg')).toMatchObject({ status: 200, type: 'image/svg+xml; charset=utf-8' })
    const route = await of('/patients/42?tab=vitals')
    expect(route).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' })
    expect(route.text).toContain('Meridian fixture')
    expect(await of('/assets/missing.js')).toMatchObject({ status: 404 })
    expect(await running.page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(20, 40, 60)')
  })

  it('EL3 answers nothing from outside the folder of the renderer', async () => {
    const attempts = [
      'app://meridian/../package.json',
      'app://meridian/../../package.json',
      'app://meridian/%2e%2e/package.json',
      'app://meridian/..%2fpackage.json',
      'app://meridian/%2e%2e%2fpackage.json',
      'app://meridian/assets/..%2f..%2fpackage.json',
      'app://meridian/assets/..%5c..%5cpackage.json',
      'app://meridian/..%2foutside.txt',
      'app://meridian/%2fetc%2fhostname.txt',
      `app://meridian/${encodeURIComponent(join(dirname(rendererDir), 'outside.txt'))}`,
      'app://meridian/outside.txt%00.js',
      'app://meridian/%zz.txt',
    ]
    for (const address of attempts) {
      const answer = await running.page.evaluate(fetchIn, address)
      // 0: Chromium itself refuses some of them.
      expect(answer.status === 0 || answer.status >= 400, `${address}: ${answer.status}`).toBe(true)
      expect(answer.text, address).not.toContain('secret')
    }
    // Its own files do come, so that refusing everything is no way to pass.
    expect((await running.page.evaluate(fetchIn, 'app://meridian/assets/app.js')).status).toBe(200)
    // The same scheme under another host is another origin, and stands for nothing.
    expect((await running.page.evaluate(fetchIn, 'app://elsewhere/assets/app.js')).status).not.toBe(200)
  })

  it('EL4 runs the scripts of its own files, WebAssembly and workers, and no script in the page or of text', async () => {
    expect(await running.page.evaluate('window.moduleRan')).toBe(true)
    expect(await running.page.evaluate('window.inlineRan')).toBeUndefined()
    expect(await running.page.evaluate('[window.evalRan, window.evalError]')).toEqual([
      undefined,
      'EvalError',
    ])
    await running.page.click('#handler')
    expect(await running.page.evaluate('window.handlerRan')).toBeUndefined()
    expect(await running.page.evaluate(violations)).toContain('script-src-attr')
    const smallestModule = '0, 97, 115, 109, 1, 0, 0, 0'
    expect(
      await running.page.evaluate(`WebAssembly.compile(new Uint8Array([${smallestModule}])).then(String)`),
    ).toBe('[object WebAssembly.Module]')
    expect(await running.page.evaluate(workerAnswer, '/assets/worker.js')).toBe('worker ran')
  })

  it('EL5 sends the same content security policy with every answer', async () => {
    const expected = {
      'script-src': "'self' 'wasm-unsafe-eval'",
      'style-src': "'self' 'unsafe-inline'",
      'connect-src': "'self' http://127.0.0.1:* ws://127.0.0.1:* https: wss:",
      'img-src': "'self' data:",
      'font-src': "'self'",
      'object-src': "'none'",
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'default-src': "'none'",
    }
    for (const path of ['/', '/assets/app.js', '/assets/missing.js']) {
      const { policy } = await running.page.evaluate(fetchIn, path)
      const directives = Object.fromEntries(
        policy.split('; ').map((text) => [text.split(' ')[0], text.split(' ').slice(1).join(' ')]),
      )
      expect(directives, path).toMatchObject(expected)
    }
  })

  it('EL6 reaches regions on 127.0.0.1 by HTTP, and no other plain-text address', async () => {
    expect(await running.page.evaluate(fetchIn, outside.url)).toMatchObject({ status: 200 })
    expect(outside.seen).toEqual(['GET / app://meridian'])
    const localhost = outside.url.replace('127.0.0.1', 'localhost')
    expect(await running.page.evaluate(fetchIn, localhost)).toMatchObject({ status: 0 })
    expect(await running.page.evaluate(violations)).toContain('connect-src')
    expect(outside.seen).toHaveLength(1)
  })

  it('EL7 goes to no address but the app’s own, in no frame either', async () => {
    await running.page.evaluate((url) => {
      location.href = url
    }, outside.url)
    await running.page.evaluate((url) => {
      const frame = document.createElement('iframe')
      frame.src = url
      const form = document.createElement('form')
      form.action = url
      document.body.append(frame, form)
      form.submit()
    }, outside.url)
    await running.page.evaluate(() => {
      location.href = 'file:///etc/hostname'
    })
    await quietTime(running)
    expect(outside.seen).toEqual([])
    expect(running.page.url()).toBe('app://meridian/')
    expect(await running.page.evaluate('window.moduleRan')).toBe(true)
  })

  it('EL8 opens no other window, and hands no link to the browser that is not on the list', async () => {
    await running.app.evaluate(({ shell }) => {
      const opened: string[] = []
      Object.assign(globalThis, { opened })
      shell.openExternal = async (url) => {
        opened.push(url)
      }
    })
    expect(await running.page.evaluate((url) => window.open(url), outside.url)).toBeNull()
    expect(await running.page.evaluate(() => window.open('https://example.org/'))).toBeNull()
    expect(await running.page.evaluate(() => window.open('app://meridian/'))).toBeNull()
    // Not page.click: it waits for the navigations that EL7 began and the shell stopped.
    await running.page.evaluate(() => document.getElementById('outside')?.click())
    await quietTime(running)
    expect(running.app.windows()).toHaveLength(1)
    expect(await running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
    expect(await running.app.evaluate(() => Reflect.get(globalThis, 'opened'))).toEqual([])
    expect(outside.seen).toEqual([])
  })

  it('EL9 gives the page nothing of Node or Electron', async () => {
    const names = ['require', 'process', 'module', 'Buffer', 'global', '__dirname', 'electron']
    for (const name of names) expect(await running.page.evaluate(`typeof ${name}`), name).toBe('undefined')
    const preferences = await running.app.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows()
      // Not in Electron's types: what the page was really made with.
      return window === undefined
        ? null
        : Reflect.get(window.webContents, 'getLastWebPreferences').call(window.webContents)
    })
    expect(preferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
    })
  })

  it('EL10 refuses webviews', async () => {
    expect(
      await running.page.evaluate((url) => {
        const view = document.createElement('webview')
        view.setAttribute('src', url)
        document.body.append(view)
        return 'getWebContentsId' in view
      }, outside.url),
    ).toBe(false)
    await quietTime(running)
    expect(outside.seen).toEqual([])
    expect(await running.app.evaluate(({ webContents }) => webContents.getAllWebContents().length)).toBe(1)
    // The second lock, should the first one ever be opened by a setting.
    const prevented = await running.app.evaluate(({ webContents }) => {
      let calls = 0
      webContents
        .getAllWebContents()[0]
        ?.emit('will-attach-webview', { preventDefault: () => calls++ }, {}, {})
      return calls
    })
    expect(prevented).toBe(1)
  })

  it('EL11 tells the page version and configuration, and lets it change nothing of it', async () => {
    const manifest = JSON.parse(await readFile('package.json', 'utf8'))
    expect(await running.page.evaluate('window.meridian')).toEqual({
      desktop: true,
      version: manifest.version,
      config: CONFIG,
    })
    expect(
      await running.page.evaluate(
        '[meridian, meridian.config, meridian.config.regions, meridian.config.regions.nairobi].every(Object.isFrozen)',
      ),
    ).toBe(true)
    expect(
      await running.page.evaluate('{ try { window.meridian = null } catch {} ; window.meridian === null }'),
    ).toBe(false)
  })

  it('EL12 grants the page notifications, and refuses every other permission', async () => {
    expect(await running.page.evaluate(() => Notification.requestPermission())).toBe('granted')
    expect(
      await running.page.evaluate(
        () =>
          new Promise((done) =>
            navigator.geolocation.getCurrentPosition(
              () => done('given'),
              (error) => done(error.code),
            ),
          ),
      ),
    ).toBe(1)
    const errorOf = (script: string) =>
      running.page.evaluate(`${script}.then(() => 'given', (error) => error.name)`)
    expect(await errorOf('navigator.mediaDevices.getUserMedia({ audio: true })')).toBe('NotAllowedError')
    expect(await errorOf('navigator.clipboard.readText()')).toBe('NotAllowedError')
    expect(await errorOf('navigator.requestMIDIAccess({ sysex: true })')).toBe('SecurityError')
    for (const name of ['geolocation', 'camera', 'microphone', 'clipboard-read', 'midi']) {
      const state = await running.page.evaluate(
        `navigator.permissions.query({ name: '${name}' }).then((s) => s.state)`,
      )
      expect(state, name).toBe('denied')
    }
  })

  it('EL13 has a menu to edit, to see, for the window and for help', async () => {
    const labels = await running.app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()?.items.map((item) => [
        item.label,
        item.submenu?.items.map((entry) => entry.role),
      ]),
    )
    const menu = Object.fromEntries(labels ?? [])
    expect(Object.keys(menu)).toEqual(expect.arrayContaining(['Edit', 'View', 'Window', 'Help']))
    expect(menu['View']).toEqual(expect.arrayContaining(['resetzoom', 'zoomin', 'zoomout']))
  })
})

describe.skipIf(leftOut)('starting', () => {
  it('EL14 without a configuration the page is told that there is none', async () => {
    const running = await desktop.start(await newStart())
    await running.page.waitForFunction('window.moduleRan')
    expect(await running.page.evaluate('window.meridian.config')).toBeNull()
    await running.close()
  })

  it('EL15 refuses a configuration that cannot be used, with the reason and status 2', async () => {
    const unknown = await desktop.startToEnd(await newStart({ config: { ...CONFIG, region: 'atlantis' } }))
    expect(unknown).toMatchObject({ status: 2 })
    expect(unknown.stderr).toContain("--config can't be used: 'atlantis' is none of its regions")
    const garbage = await desktop.startToEnd(await newStart({ args: ['--config={}'] }))
    expect(garbage).toMatchObject({ status: 2 })
    expect(garbage.stderr).toContain('--config needs the base64url of a JSON text')
  })

  it('EL16 a second start with the same profile brings up the first window and ends', async () => {
    const start = await newStart()
    const first = await desktop.start(start)
    // It shows itself once it is ready: what is hidden before that would come up again.
    await vi.waitFor(async () => expect(await isVisible(first)).toBe(true), 10_000)
    await first.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
    expect(await isVisible(first)).toBe(false)
    expect(await desktop.startToEnd(start)).toMatchObject({ status: 0 })
    await vi.waitFor(async () => expect(await isVisible(first)).toBe(true), 5000)
    expect(first.app.windows()).toHaveLength(1)
    await first.close()
  })

  it('EL17 another profile has a window and a storage of its own at the same time', async () => {
    const [first, second] = await Promise.all([
      desktop.start(await newStart({ config: CONFIG })),
      desktop.start(await newStart({ config: { ...CONFIG, region: 'frankfurt' } })),
    ])
    await first.page.evaluate("localStorage.setItem('who', 'first')")
    expect(await second.page.evaluate("localStorage.getItem('who')")).toBeNull()
    expect(await first.page.evaluate('meridian.config.region')).toBe('nairobi')
    expect(await second.page.evaluate('meridian.config.region')).toBe('frankfurt')
    await Promise.all([first.close(), second.close()])
  })

  it('EL18 the window comes back where it was, with its size, after closing and after a crash', async () => {
    const start = await newStart()
    const closed = { x: 120, y: 90, width: 1111, height: 777 }
    const first = await desktop.start(start)
    await setBounds(first, { x: 10, y: 10, width: 900, height: 700 })
    await setBounds(first, closed)
    await first.close()
    const second = await desktop.start(start)
    expect(await boundsOf(second)).toEqual(closed)
    const stateFile = join(start.profile, 'window-state.json')
    const resized = { ...closed, width: 1234, height: 801 }
    const killed = { ...resized, x: 300, y: 200 }
    for (const bounds of [resized, killed]) {
      await setBounds(second, bounds)
      await vi.waitFor(async () => {
        expect(JSON.parse(await readFile(stateFile, 'utf8'))).toEqual({ bounds, maximized: false })
      }, 5000)
    }
    await second.kill()
    const third = await desktop.start(start)
    expect(await boundsOf(third)).toEqual(killed)
    await third.close()
  })

  it('EL19 a damaged window state is as none', async () => {
    const start = await newStart()
    await writeFile(join(start.profile, 'window-state.json'), '{"bounds":{"width":1e99')
    const running = await desktop.start(start)
    expect(await boundsOf(running)).toMatchObject({ width: 1440, height: 900 })
    await running.close()
  })

  it('EL22 closing the window asks first where the page says that something would be lost', async () => {
    const { app, page } = await desktop.start(await newStart())
    await page.waitForFunction('window.moduleRan')
    const answer = (button: number) =>
      app.evaluate(({ dialog }, choice) => {
        dialog.showMessageBoxSync = () => choice
      }, button)
    const windows = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)
    const close = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
    // Chromium asks only for a page that somebody has touched.
    await page.mouse.click(10, 10)
    await page.evaluate(() => {
      window.addEventListener('beforeunload', (event) => {
        event.preventDefault()
        event.returnValue = 'unsaved'
      })
    })
    await answer(0)
    await close()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await windows()).toBe(1)
    await answer(1)
    const gone = new Promise<void>((resolve) => app.process().once('exit', () => resolve()))
    await close().catch(() => {})
    await gone
  })

  it('EL20 what the page stored is there after the app was killed', async () => {
    const start = await newStart()
    const first = await desktop.start(start)
    await first.page.evaluate(storeInIndexedDb, 'kept')
    await first.kill()
    const second = await desktop.start(start)
    expect(await second.page.evaluate(storedInIndexedDb)).toBe('kept')
    await second.close()
  })
})

describe.skipIf(leftOut)('finding an Electron', () => {
  it('EL21 takes the one of ELECTRON_OVERRIDE_DIST_PATH before any other, and says if there is none', async () => {
    const folder = dirname(desktop.electron.path)
    if (process.platform === 'linux') {
      expect(await findElectron({ ELECTRON_OVERRIDE_DIST_PATH: folder })).toEqual({
        ...desktop.electron,
        source: 'override',
      })
    }
    const empty = await findElectron({ ELECTRON_OVERRIDE_DIST_PATH: rendererDir })
    expect(empty).toEqual({
      missing: expect.stringContaining(`ELECTRON_OVERRIDE_DIST_PATH is ${rendererDir}`),
    })
  })
})

interface OutsideServer {
  readonly url: string
  /** What was asked of it: method, path, origin. */
  readonly seen: string[]
  close(): Promise<void>
}

/** A server that lets every page read from it. */
async function startOutsideServer(): Promise<OutsideServer> {
  const seen: string[] = []
  const server: Server = createServer((request: IncomingMessage, response: ServerResponse) => {
    seen.push(`${request.method} ${request.url} ${request.headers.origin}`)
    response.writeHead(200, { 'Content-Type': 'text/html', 'Access-Control-Allow-Origin': '*' })
    response.end('<title>outside</title>')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    seen,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}

/** Long enough for what was asked of the page to have begun, if it were to begin. */
async function quietTime(running: RunningApp): Promise<void> {
  await running.page.waitForTimeout(700)
}

function isVisible(running: RunningApp): Promise<boolean | undefined> {
  return running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())
}

type Bounds = { x: number; y: number; width: number; height: number }

/** Resolves when the display has done it: X servers take their time. */
async function setBounds(running: RunningApp, bounds: Bounds): Promise<void> {
  await vi.waitFor(async () => expect(await isVisible(running)).toBe(true), 5000)
  await running.app.evaluate(
    ({ BrowserWindow }, to) => BrowserWindow.getAllWindows()[0]?.setBounds(to),
    bounds,
  )
  await vi.waitFor(async () => expect(await boundsOf(running)).toEqual(bounds), 5000)
}

function boundsOf(running: RunningApp): Promise<Bounds | undefined> {
  return running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds())
}

// From here on: functions that run in the page.

async function fetchIn(
  address: string,
): Promise<{ status: number; type: string; policy: string; text: string }> {
  try {
    const response = await fetch(address)
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      policy: response.headers.get('content-security-policy') ?? '',
      text: await response.text(),
    }
  } catch (error) {
    return { status: 0, type: '', policy: '', text: String(error) }
  }
}

function violations(): string[] {
  return Reflect.get(window, 'violations')
}

function workerAnswer(address: string): Promise<unknown> {
  return new Promise((done) => {
    const worker = new Worker(address, { type: 'module' })
    worker.onmessage = (event) => done(event.data)
    worker.onerror = () => done('worker failed')
  })
}

function storeInIndexedDb(value: string): Promise<void> {
  return new Promise((done, failed) => {
    const opening = indexedDB.open('fixture', 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore('kept')
    opening.onerror = () => failed(opening.error)
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('kept', 'readwrite', { durability: 'strict' })
      transaction.objectStore('kept').put(value, 'key')
      transaction.oncomplete = () => done()
      transaction.onerror = () => failed(transaction.error)
    }
  })
}

function storedInIndexedDb(): Promise<unknown> {
  return new Promise((done, failed) => {
    const opening = indexedDB.open('fixture', 1)
    opening.onerror = () => failed(opening.error)
    opening.onsuccess = () => {
      const asking = opening.result.transaction('kept').objectStore('kept').get('key')
      asking.onsuccess = () => done(asking.result)
      asking.onerror = () => failed(asking.error)
    }
  })
}
