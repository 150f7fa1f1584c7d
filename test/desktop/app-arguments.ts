import { resolve } from 'node:path'

/** The checkout: the folder that Electron runs as its app. */
export const CHECKOUT = resolve(import.meta.dirname, '../..')

/** How one start of the app is to be. */
export interface AppStart {
  /** Folder of the profile: one window each. */
  readonly profile: string
  /** What the page is to find as `window.meridian.config`; left out: null. */
  readonly config?: unknown
  /** Renderer files to load in place of dist/renderer. */
  readonly rendererDir?: string
  /** Further arguments, last on the command line. */
  readonly args?: readonly string[]
}

/** The arguments with which an Electron starts the built app of this checkout. */
export function appArguments({ profile, config, args = [] }: AppStart): string[] {
  return [
    // The app's folder comes first: Electron takes the first argument that is no option.
    CHECKOUT,
    ...(needsNoSandbox() ? ['--no-sandbox'] : []),
    // The /dev/shm of a container is too small for Chromium.
    '--disable-dev-shm-usage',
    `--profile=${profile}`,
    ...(config === undefined ? [] : [`--config=${encodeConfig(config)}`]),
    ...args,
  ]
}

/** The environment for it: this process's, without what is meant for its own Node. */
export function appEnvironment({ rendererDir }: AppStart): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && name !== 'NODE_OPTIONS' && name !== 'ELECTRON_RUN_AS_NODE') env[name] = value
  }
  if (rendererDir !== undefined) env['MERIDIAN_RENDERER_DIR'] = rendererDir
  return env
}

/** Chromium's sandbox refuses to run as root. */
export function needsNoSandbox(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0
}

/** A configuration as the app's `--config` takes it. */
function encodeConfig(config: unknown): string {
  return Buffer.from(JSON.stringify(config)).toString('base64url')
}
