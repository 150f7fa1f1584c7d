import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createManagedProcess, type ManagedProcess } from './managed-process.ts'
import { childrenOf, identify, sendSignal } from './process-identity.ts'

const temp = mkdtempSync(join(tmpdir(), 'meridian-process-'))
let started: ManagedProcess[] = []
afterEach(async () => {
  for (const one of started) await one.kill()
  started = []
  rmSync(join(temp, 'log'), { force: true })
})

/** A process that says `up`, has one child, and ends on SIGTERM unless it is stubborn. */
function create(log: string[] = [], stubborn = false): ManagedProcess {
  const program = `
    const child = require('node:child_process').spawn('sleep', ['60'])
    process.on('SIGTERM', () => { if (!${stubborn}) { child.kill(); process.exit(0) } })
    setInterval(() => {}, 1000)
    console.log('up')`
  const one = createManagedProcess({
    name: 'a: server',
    command: () => ({ program: process.execPath, args: ['-e', program], options: {} }),
    env: {},
    cwd: temp,
    logFile: join(temp, 'log'),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 500,
    log: (text) => log.push(text),
  })
  started.push(one)
  return one
}

async function startUp(one: ManagedProcess): Promise<{ pid: number; child: number }> {
  one.start()
  await expect.poll(() => readFileSync(join(temp, 'log'), 'utf8')).toContain('up')
  const pid = one.pid()!
  await expect.poll(() => childrenOf(pid)).toHaveLength(1)
  return { pid, child: childrenOf(pid)[0]! }
}

test('CL26 what was asked to end is stopped, and starts again only on request', async () => {
  const one = create()
  expect([one.state(), one.pid()]).toEqual(['stopped', undefined])
  const { pid } = await startUp(one)
  one.start()
  expect([one.state(), one.pid()]).toEqual(['running', pid])
  await one.stop()
  expect([one.state(), one.pid()]).toEqual(['stopped', undefined])
  expect(identify(pid)).toBeUndefined()
})

test('CL26 what ended otherwise is dead, and is told', async () => {
  const log: string[] = []
  const one = create(log)
  const { pid, child } = await startUp(one)
  sendSignal(pid, 'SIGKILL')
  await expect.poll(() => one.state()).toBe('dead')
  expect(log).toEqual([expect.stringMatching(/a: server \(pid \d+\) ended by itself, SIGKILL/)])
  sendSignal(child, 'SIGKILL')
})

test('CL27 kill ends the process and its children', async () => {
  const log: string[] = []
  const one = create(log)
  const { pid, child } = await startUp(one)
  await one.kill()
  expect(one.state()).toBe('dead')
  expect([identify(pid), identify(child)]).toEqual([undefined, undefined])
  expect(log).toEqual([])
})

test('CL27 a process that does not end in time is killed, a paused one can be stopped', async () => {
  const stubborn = create([], true)
  const { child } = await startUp(stubborn)
  await stubborn.stop()
  expect([stubborn.state(), identify(child)]).toEqual(['stopped', undefined])
  rmSync(join(temp, 'log'))

  const paused = create()
  await startUp(paused)
  paused.pause()
  expect(paused.state()).toBe('paused')
  await paused.stop()
  expect(paused.state()).toBe('stopped')
})

test('CL27 pause holds the process and its children, resume lets them go', async () => {
  const one = create()
  const { pid, child } = await startUp(one)
  const stateOf = (id: number) => readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.[0]
  one.pause()
  if (process.platform === 'linux')
    await expect.poll(() => [stateOf(pid), stateOf(child)]).toEqual(['T', 'T'])
  one.resume()
  expect(one.state()).toBe('running')
  if (process.platform === 'linux') await expect.poll(() => [stateOf(pid), stateOf(child)]).not.toContain('T')
})

test('CL26 a program that cannot be run is dead', async () => {
  const log: string[] = []
  const one = createManagedProcess({
    name: 'a: server',
    command: () => ({ program: join(temp, 'nothing'), args: [], options: {} }),
    env: {},
    cwd: temp,
    logFile: join(temp, 'log'),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 500,
    log: (text) => log.push(text),
  })
  one.start()
  expect(one.state()).toBe('dead')
  await expect.poll(() => log[0]).toContain('could not be started')
})
