import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Writes a small page in the place of the renderer, laid out as Vite does it, and a file beside its folder
 * that nobody may read through it. Answers its folder.
 */
export async function writeFixtureRenderer(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'meridian-fixture-'))
  const folder = join(parent, 'renderer')
  await mkdir(join(folder, 'assets'), { recursive: true })
  await writeFile(join(parent, 'package.json'), '{"secret":"outside"}')
  await writeFile(join(parent, 'outside.txt'), 'secret')
  await writeFile(join(folder, 'index.html'), PAGE)
  await writeFile(join(folder, 'assets/app.js'), SCRIPT)
  await writeFile(join(folder, 'assets/app.css'), STYLE)
  await writeFile(join(folder, 'assets/worker.js'), WORKER)
  await writeFile(join(folder, 'assets/icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  return folder
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Meridian fixture</title>
    <script>window.inlineRan = true</script>
    <link rel="stylesheet" crossorigin href="/assets/app.css">
    <script type="module" crossorigin src="/assets/app.js"></script>
  </head>
  <body>
    <h1>Meridian shell fixture</h1>
    <p style="font-weight: 700">A page that stands in for the renderer.</p>
    <pre id="bridge"></pre>
    <a id="outside" href="https://example.org/guide" target="_blank" rel="noreferrer">a guide elsewhere</a>
    <button id="handler" type="button" onclick="window.handlerRan = true">inline handler</button>
  </body>
</html>
`

const SCRIPT = `
window.moduleRan = true
window.violations = []
document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.effectiveDirective))
try {
  window.evalRan = new Function('return true')()
} catch (error) {
  window.evalError = error.name
}
document.getElementById('bridge').textContent = JSON.stringify(window.meridian, null, 2)
`

const STYLE = 'body { font: 16px sans-serif; margin: 2rem; color: rgb(20, 40, 60); background: white }'

const WORKER = "self.postMessage('worker ran')"
