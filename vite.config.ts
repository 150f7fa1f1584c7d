import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// The app of every edition: served by a region at `/`, and by the desktop shell at `app://meridian/`.
export default defineConfig({
  root: resolve(import.meta.dirname, 'renderer'),
  base: './',
  plugins: [react()],
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
      output: {
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
