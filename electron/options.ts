import { resolve } from 'node:path'
import { type LaunchConfig, parseLaunchConfig } from './launch-config.ts'

/** What the command line asks for. */
export interface Options {
  /** Folder of the profile (window state, storage, the single-instance lock); null: the system's usual one. */
  readonly profile: string | null
  readonly config: LaunchConfig | null
}

/**
 * Reads the app's own options; the many that belong to Chromium and Node pass by.
 *
 * `--profile DIR` or `--user-data-dir DIR`, `--config JSON` (base64url of the JSON). Each is also taken in
 * the form `--name=value`.
 */
export function readOptions(argv: readonly string[], cwd: string): Options | { readonly problem: string } {
  const profile = textAfter(argv, 'profile') ?? textAfter(argv, 'user-data-dir')
  if (profile === '') return { problem: '--profile needs the folder of the profile.' }
  const encoded = textAfter(argv, 'config')
  const options = { profile: profile === undefined ? null : resolve(cwd, profile), config: null }
  if (encoded === undefined) return options
  if (!/^[A-Za-z0-9_-]+$/.test(encoded)) {
    return { problem: '--config needs the base64url of a JSON text. Leave it out to be asked in the window.' }
  }
  const parsed = parseLaunchConfig(Buffer.from(encoded, 'base64url').toString('utf8'))
  if ('problem' in parsed) {
    return { problem: `--config can't be used: ${parsed.problem}. Leave it out to be asked in the window.` }
  }
  return { ...options, config: parsed.config }
}

function textAfter(argv: readonly string[], name: string): string | undefined {
  for (const [index, argument] of argv.entries()) {
    if (argument.startsWith(`--${name}=`)) return argument.slice(name.length + 3)
    if (argument === `--${name}`) return argv[index + 1] ?? ''
  }
  return undefined
}
