import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { app, BrowserWindow, session } from 'electron'
import { declareAppScheme, serveAppScheme } from './app-scheme.ts'
import { allowOwnDownloads } from './downloads.ts'
import { hardenSession, hardenWebContents } from './hardening.ts'
import { installMenu } from './menu.ts'
import { type Options, readOptions } from './options.ts'
import { answerPdfRequests } from './save-pdf.ts'
import { bringToFront, openWindow } from './window.ts'

const options = readOptions(process.argv.slice(1), process.cwd())
if ('problem' in options) {
  console.error(options.problem)
  app.exit(2)
} else {
  start(options)
}

/** One window for each profile: a second start brings the first one's window to the front. */
function start({ profile, config }: Options): void {
  // Before anything asks where the profile is; the lock of the single instance lives in it.
  if (profile !== null) {
    mkdirSync(profile, { recursive: true })
    app.setPath('userData', profile)
    app.setPath('sessionData', profile)
  }
  if (!app.requestSingleInstanceLock()) {
    app.exit(0)
    return
  }
  app.on('second-instance', () => {
    for (const window of BrowserWindow.getAllWindows()) bringToFront(window)
  })

  // Electron restarts its processes for ever when it gets both.
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
  declareAppScheme()
  hardenWebContents()
  app.on('window-all-closed', () => app.quit())

  void app.whenReady().then(() => {
    hardenSession(session.defaultSession)
    allowOwnDownloads(session.defaultSession)
    serveAppScheme(rendererFolder())
    answerPdfRequests()
    installMenu({ developer: !app.isPackaged, mac: process.platform === 'darwin' })
    openWindow({
      profile: app.getPath('userData'),
      preload: join(app.getAppPath(), 'dist/electron/preload.cjs'),
      version: app.getVersion(),
      config,
      devTools: !app.isPackaged,
    })
  })
}

/** The renderer's files; in development MERIDIAN_RENDERER_DIR can put others in their place. */
function rendererFolder(): string {
  const other = app.isPackaged ? undefined : process.env['MERIDIAN_RENDERER_DIR']
  return other === undefined || other === '' ? join(app.getAppPath(), 'dist/renderer') : resolve(other)
}
