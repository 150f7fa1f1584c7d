// Stands in for Electron's default app in the fallback (electron-fallback.ts), which came without it:
// `electron <app folder> [options]` runs the main script that the folder's package.json names.
const fs = require('node:fs')
const path = require('node:path')
const { app } = require('electron')

const given = process.argv.slice(1).find((argument) => !argument.startsWith('-'))
if (given === undefined) {
  console.error('Usage: electron <folder of the app> [options]')
  app.exit(2)
} else {
  const folder = path.resolve(given)
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  app.setName(manifest.productName ?? manifest.name)
  app.setVersion(manifest.version)
  app.setAppPath(folder)
  require(path.join(folder, manifest.main))
}
