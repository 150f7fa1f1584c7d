import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

test('ST90 a statement of the driver itself that is lost with its connection ends no region, other defects do', () => {
  const run = (rejection: string) =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { outliveLostStatements } from '${new URL('lost-statements.ts', import.meta.url).href}'
        outliveLostStatements((text) => console.log(text))
        Promise.reject(${rejection})
        setTimeout(() => console.log('alive'), 50)`,
      ],
      { encoding: 'utf8', timeout: 20_000 },
    )
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'CONNECTION_CLOSED', '57P03']) {
    const { status, stdout } = run(`Object.assign(new Error('gone'), { code: '${code}' })`)
    expect(status).toBe(0)
    expect(stdout).toContain('lost with its connection')
    expect(stdout).toContain('alive')
  }
  for (const other of [
    `new TypeError('a defect')`,
    'undefined',
    `Object.assign(new Error(), { code: '23505' })`,
  ]) {
    const { status, stdout } = run(other)
    expect(status).not.toBe(0)
    expect(stdout).not.toContain('alive')
  }
})
