import { BrowserWindow, screen } from 'electron'
import { APP_URL } from './app-address.ts'
import { encodeLaunchConfig, type LaunchConfig } from './launch-config.ts'
import { askBeforeLeaving } from './unsaved.ts'
import { fitBounds, loadWindowState, MINIMUM_SIZE, saveWindowState } from './window-state.ts'

/** What the window needs to know. */
export interface WindowDeps {
  /** Folder of the profile. */
  readonly profile: string
  /** File of the preload script. */
  readonly preload: string
  readonly version: string
  readonly config: LaunchConfig | null
  readonly devTools: boolean
}

/** Opens the app's one window where it was when it was last closed. */
export function openWindow(deps: WindowDeps): BrowserWindow {
  const state = loadWindowState(deps.profile)
  const workAreas = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()].map(
    (display) => display.workArea,
  )
  const window = new BrowserWindow({
    ...fitBounds(state, workAreas),
    minWidth: MINIMUM_SIZE.width,
    minHeight: MINIMUM_SIZE.height,
    title: 'Meridian',
    show: false,
    webPreferences: {
      preload: deps.preload,
      additionalArguments: argumentsForPreload(deps),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools: deps.devTools,
    },
  })
  if (state?.maximized) window.maximize()
  window.once('ready-to-show', () => window.show())
  keepState(window, deps.profile)
  askBeforeLeaving(window)
  void window.loadURL(APP_URL)
  return window
}

/** Brings a window to its user, whatever it was doing. */
export function bringToFront(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

function argumentsForPreload(deps: WindowDeps): string[] {
  const version = `--meridian-version=${encodeURIComponent(deps.version)}`
  return deps.config === null ? [version] : [version, `--meridian-config=${encodeLaunchConfig(deps.config)}`]
}

function keepState(window: BrowserWindow, profile: string): void {
  const save = (): void =>
    saveWindowState(profile, { bounds: window.getNormalBounds(), maximized: window.isMaximized() })
  // Also while it is open: an app that is killed says no goodbye. A resize is a burst of events.
  let timer: NodeJS.Timeout | undefined
  const saveSoon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(save, 300)
  }
  window.on('resize', saveSoon)
  window.on('move', saveSoon)
  window.on('close', () => {
    clearTimeout(timer)
    save()
  })
}
