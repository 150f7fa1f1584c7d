import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import config from '../../vitest.config.ts'
import { CHECKOUT } from '../desktop/app-arguments.ts'
import { builds, runBuild } from './build.ts'

/**
 * `npm test`: static checks, builds, then every Vitest project after the other, so that none disturbs another's
 * timing. Ends with `N passed, N failed`; a step that fails counts as one failure. Further arguments go to Vitest.
 */

/** What is read of Vitest's JSON report. */
const reportShape = z.looseObject({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.looseObject({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.looseObject({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

const reports = join(CHECKOUT, 'test-results')
const total = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []

step('npm run check', () => {
  const check = spawnSync('npm', ['run', '--silent', 'check'], {
    cwd: CHECKOUT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return check.status === 0
})
for (const build of builds)
  step(`build of ${build.name}`, () => {
    const problem = runBuild(build)
    if (problem) say(problem)
    return problem === undefined
  })
for (const project of projects()) runProject(project)
finish()

function step(name: string, act: () => boolean): void {
  say(`\n== ${name}`)
  const begun = Date.now()
  if (!act()) fail(name)
  else say(`${name}: good (${seconds(begun)})`)
}

function projects(): string[] {
  const shape = z.looseObject({
    test: z.looseObject({ projects: z.array(z.looseObject({ test: z.looseObject({ name: z.string() }) })) }),
  })
  return shape.parse(config).test.projects.map((project) => project.test.name)
}

function runProject(project: string): void {
  say(`\n== tests: ${project}`)
  mkdirSync(reports, { recursive: true })
  const file = join(reports, `vitest-${project}.json`)
  rmSync(file, { force: true })
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const run = spawnSync(
    process.execPath,
    [
      vitest,
      'run',
      ...['--project', project, '--passWithNoTests'],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
      ...process.argv.slice(2),
    ],
    { cwd: CHECKOUT, stdio: ['ignore', 'inherit', 'inherit'] },
  )
  const counted = readReport(file)
  if (run.status !== 0 && !counted)
    fail(`${project}: Vitest ended with status ${run.status}, outside of any test`)
}

/** Adds what the report says to the total. @returns whether it tells of a failure */
function readReport(file: string): boolean {
  let raw: unknown
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return false
  }
  const report = reportShape.parse(raw)
  total.passed += report.numPassedTests
  total.skipped += report.numPendingTests + report.numTodoTests
  const before = total.failed
  for (const { name, status, assertionResults } of report.testResults) {
    const where = relative(CHECKOUT, name)
    const failed = assertionResults.filter((test) => test.status === 'failed')
    for (const test of failed) fail(`${where}: ${test.fullName}`)
    if (status === 'failed' && failed.length === 0)
      fail(`${where}: the file itself, before or after its tests`)
  }
  return total.failed > before
}

function fail(what: string): void {
  total.failed += 1
  failures.push(what)
}

function finish(): never {
  if (failures.length > 0) say(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`)
  if (total.passed + total.failed === 0) say('\nNo test ran.')
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  say(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
  process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0)
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
