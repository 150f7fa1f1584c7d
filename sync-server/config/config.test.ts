import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { sampleConfig } from '../identity/sample-config.ts'
import { ConfigError, loadConfig, parseConfig } from './config.ts'

const dir = mkdtempSync(join(tmpdir(), 'meridian-config-'))
afterAll(() => rmSync(dir, { recursive: true }))

const good = () => structuredClone(sampleConfig()) as unknown as { [key: string]: unknown }
const mistakesIn = (config: unknown) => {
  try {
    parseConfig(config, 'region.json')
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message.split('\n')
  }
}

describe('configuration', () => {
  test('CF1 a good configuration is read with its defaults', () => {
    const { limits: _, ...config } = good()
    expect(parseConfig(config, 'region.json').limits.importBytes).toBe(64 * 1024 * 1024)
  })

  test('CF2 each mistake is one line that names its place', () => {
    const mistakes = mistakesIn({
      ...good(),
      region: 'Frankfurt am Main',
      http: { port: 70_000 },
      colour: 'red',
    })
    expect(mistakes).toHaveLength(3)
    expect(mistakes.some((line) => line.startsWith('region.json: region: '))).toBe(true)
    expect(mistakes.some((line) => line.startsWith('region.json: http.port: '))).toBe(true)
    expect(mistakes.some((line) => line.includes('colour'))).toBe(true)
  })

  test('CF3 parts that contradict each other are told', () => {
    const config = good() as {
      homeGroups: { name: string; home: string; regions: string[] }[]
      accounts: { homeGroups: string[] }[]
    }
    config.homeGroups[0]!.home = 'atlantis'
    config.accounts[0]!.homeGroups = ['nowhere']
    const mistakes = mistakesIn(config).join('\n')
    expect(mistakes).toContain('the home atlantis')
    expect(mistakes).toContain('not open to its own home')
    expect(mistakes).toContain('unknown home group nowhere')
  })

  test('CF4 a file that cannot be read, and one that is no JSON, are told by name', () => {
    expect(() => loadConfig(join(dir, 'none.json'), {})).toThrow(/none\.json: cannot be read \(ENOENT\)/)
    writeFileSync(join(dir, 'text.json'), 'region: frankfurt')
    expect(() => loadConfig(join(dir, 'text.json'), {})).toThrow(/text\.json: is no JSON/)
  })

  test('CF5 the environment overrides the database and the ports, and is checked alike', () => {
    const file = join(dir, 'region.json')
    writeFileSync(file, JSON.stringify(good()))
    const env = { DATABASE_URL: 'postgres://db.example/meridian', MERIDIAN_HTTP_PORT: '8443' }
    expect(loadConfig(file, env)).toMatchObject({ database: env.DATABASE_URL, http: { port: 8443 } })
    expect(() => loadConfig(file, { MERIDIAN_HTTP_PORT: 'high' })).toThrow('http.port')
    expect(() => loadConfig(file, { DATABASE_URL: 'mysql://db' })).toThrow('database')
  })
})
