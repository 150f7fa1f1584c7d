import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

/** Builds of this checkout: what they are made from, and what is there once they were made. */

const checkout = resolve(import.meta.dirname, '../..')

export type Build = {
  name: string
  /** Arguments of `vite`. */
  args: readonly string[]
  sources: readonly string[]
  /** The file that is newest when the build is done. */
  result: string
}

const shared = ['package-lock.json', 'domain']
export const builds: readonly Build[] = [
  {
    name: 'the app',
    args: ['build'],
    sources: [...shared, 'renderer', 'vite.config.ts', 'postcss.config.js'],
    result: 'dist/renderer/index.html',
  },
  {
    name: 'the desktop shell',
    args: ['build', '-c', 'electron/vite.config.ts'],
    sources: [...shared, 'electron'],
    result: 'dist/electron/main.cjs',
  },
]

/** Is a source newer than what was built from it, or was nothing built? */
export function isStale(build: Build): boolean {
  return (
    newest(build.sources.map((source) => join(checkout, source))) >
    (modified(join(checkout, build.result)) ?? 0)
  )
}

/** Builds. @returns undefined, or what the build said if it did not succeed */
export function runBuild(build: Build): string | undefined {
  const manifest = createRequire(import.meta.url).resolve('vite/package.json')
  const vite = join(dirname(manifest), 'bin/vite.js')
  const run = spawnSync(process.execPath, [vite, ...build.args, '--logLevel', 'warn'], {
    cwd: checkout,
    encoding: 'utf8',
  })
  return run.status === 0 ? undefined : `${run.stdout}${run.stderr}`.trim()
}

function newest(paths: readonly string[]): number {
  return Math.max(
    ...paths.map((path) => {
      const entry = statSync(path, { throwIfNoEntry: false })
      if (!entry?.isDirectory()) return entry?.mtimeMs ?? 0
      const inside = readdirSync(path, { withFileTypes: true, recursive: true })
      return Math.max(
        0,
        ...inside.filter((e) => e.isFile()).map((e) => modified(join(e.parentPath, e.name)) ?? 0),
      )
    }),
  )
}

function modified(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
