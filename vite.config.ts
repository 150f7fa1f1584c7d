import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const worker = 'offline.js'

/** Tells the service worker which files there are: a build with other files is another worker. */
function shellFiles(): Plugin {
  return {
    name: 'shell-files',
    generateBundle(_, bundle) {
      const files = [...Object.keys(bundle), 'meridian.svg'].filter(
        (name) => name !== worker && name !== 'index.html',
      )
      const { code } =
        bundle['index.html']?.type === 'asset' ? { code: String(bundle['index.html'].source) } : { code: '' }
      const version = createHash('sha256').update(files.sort().join()).update(code).digest('hex').slice(0, 16)
      const chunk = bundle[worker]
      if (chunk?.type !== 'chunk') throw new Error(`the build has no ${worker}`)
      chunk.code = `const shellVersion=${JSON.stringify(version)},shellFiles=${JSON.stringify(files)};\n${chunk.code}`
    },
  }
}

// The app of every edition: served by a region at `/`, and by the desktop shell at `app://meridian/`.
export default defineConfig({
  root: resolve(import.meta.dirname, 'renderer'),
  base: './',
  plugins: [react(), shellFiles()],
  build: {
    outDir: resolve(import.meta.dirname, 'dist/renderer'),
    emptyOutDir: true,
    // The oldest Chromium that shows it (design/electron.md).
    target: 'chrome108',
    cssTarget: 'chrome108',
    // `font-src 'self'` knows no data: addresses, so nothing is inlined.
    assetsInlineLimit: 0,
    // The polyfill is an inline script in older browsers only; Chromium 108 has module preload.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      input: {
        main: resolve(import.meta.dirname, 'renderer/index.html'),
        offline: resolve(import.meta.dirname, 'renderer/offline/worker.ts'),
      },
      output: {
        entryFileNames: ({ name }) => (name === 'offline' ? worker : 'assets/[name]-[hash].js'),
        codeSplitting: {
          groups: [
            { name: 'charts', test: /node_modules[\\/](echarts|zrender|tslib)[\\/]/ },
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
          ],
        },
      },
    },
  },
})
