import { expect, test } from 'vitest'
import { keepAlive } from '../setup/keep-alive.ts'

const state = (server: string, postgres = 'running') => ({
  regions: { london: { server: { pid: null, state: server }, postgres: { pid: 2, state: postgres } } },
  links: {},
})

/** Runs it against these states, one for each look, the last for ever; ends after the last but one was seen. */
async function run(states: unknown[], start: () => Promise<unknown>) {
  const stop = new AbortController()
  const calls: string[] = []
  const said: string[] = []
  const control = async (path: string) => {
    if (path !== '/state') {
      calls.push(path)
      return start()
    }
    if (states.length === 1) stop.abort()
    return states.length > 1 ? states.shift() : states[0]
  }
  await keepAlive(control, (text) => said.push(text), stop.signal, 1)
  return { calls, said }
}

test('CL50 a part that died is started again, and it is said', async () => {
  const { calls, said } = await run([state('running'), state('dead'), state('running')], async () => ({}))
  expect(calls).toEqual(['/regions/london/start'])
  expect(said).toEqual([expect.stringContaining('the server died'), expect.stringContaining('works again')])
})

test('CL50 what somebody stopped or paused stays as it is', async () => {
  const { calls, said } = await run([state('stopped'), state('paused'), state('running')], async () => ({}))
  expect([calls, said]).toEqual([[], []])
})

test('CL50 a start that fails is not tried again at once', async () => {
  const { calls, said } = await run([state('dead', 'dead'), state('dead'), state('dead')], async () => {
    throw new Error('it ended while starting')
  })
  expect(calls).toHaveLength(1)
  expect(said.at(-1)).toContain('trying again in 2 s. it ended while starting')
})
