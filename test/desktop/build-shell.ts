import { resolve } from 'node:path'
import { createBuilder } from 'vite'

/** Builds main and preload into dist/electron, as `vite build -c electron/vite.config.ts` does. */
export async function buildShell(): Promise<void> {
  const configFile = resolve(import.meta.dirname, '../../electron/vite.config.ts')
  const builder = await createBuilder({ configFile, logLevel: 'warn' })
  await builder.buildApp()
}
