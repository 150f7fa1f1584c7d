import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'

test.runIf(process.platform === 'linux')('OB1 a log that cannot be written ends no region', () => {
  const program = `
    import { createLogger } from '${new URL('logger.ts', import.meta.url).href}'
    const logger = createLogger({ region: 'frankfurt' })
    for (let i = 0; i < 2000; i++) logger.info({ i }, 'a line for a full disk')
    setTimeout(() => { logger.warn('another'); process.stderr.write('alive') }, 200)`
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
    timeout: 20_000,
  })
  closeSync(full)
  expect(stderr).toBe('alive')
  expect(status).toBe(0)
})
