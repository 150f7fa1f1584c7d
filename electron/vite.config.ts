import { resolve } from 'node:path'
import { defineConfig, type EnvironmentOptions } from 'vite'

// `vite build -c electron/vite.config.ts`: main and preload as two builds of one command, because a
// sandboxed preload can require nothing of ours and so must not share a chunk with main.
const here = import.meta.dirname

export default defineConfig({
  root: here,
  publicDir: false,
  environments: {
    main: bundle('main', true),
    preload: bundle('preload', false),
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['main', 'preload']) {
        const environment = builder.environments[name]
        if (environment === undefined) throw new Error(`The build has no environment '${name}'.`)
        await builder.build(environment)
      }
    },
  },
})

/** One file `dist/electron/<name>.cjs` that runs on Electron 22 (Node 16) and newer. */
function bundle(name: string, emptyOutDir: boolean): EnvironmentOptions {
  return {
    consumer: 'server',
    resolve: { noExternal: true },
    build: {
      outDir: resolve(here, '../dist/electron'),
      emptyOutDir,
      target: 'node16',
      minify: false,
      rolldownOptions: {
        input: resolve(here, `${name}.ts`),
        external: ['electron', /^node:/],
        output: { format: 'cjs', entryFileNames: `${name}.cjs`, codeSplitting: false },
      },
    },
  }
}
