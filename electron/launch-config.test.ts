import { describe, expect, it } from 'vitest'
import { decodeLaunchConfig, encodeLaunchConfig, parseLaunchConfig } from './launch-config.ts'

const address = { http: 'http://127.0.0.1:9010', sync: 'ws://127.0.0.1:9010/sync' }
const config = { region: 'nairobi', regions: { frankfurt: address, nairobi: address } }

function problemOf(value: unknown): string {
  const parsed = parseLaunchConfig(JSON.stringify(value))
  return 'problem' in parsed ? parsed.problem : 'none'
}

describe('the configuration of a start', () => {
  it('EL11 is read as it was given, and comes through the command line of the preload script', () => {
    expect(parseLaunchConfig(JSON.stringify(config))).toEqual({ config })
    expect(decodeLaunchConfig(encodeLaunchConfig(config))).toEqual({ config })
    expect(encodeLaunchConfig(config)).toMatch(/^[!-~]+$/)
  })

  it.each([
    ['no object', [config], 'not an object'],
    ['an unknown field', { ...config, token: 'x' }, "'token' is unknown"],
    ['no region', { regions: config.regions }, "'region' is not a text"],
    ['no regions', { region: 'nairobi' }, "'regions' is not an object"],
    ['a region that is not among them', { ...config, region: 'toString' }, 'none of its regions'],
    ['the name of no region', { ...config, regions: { 'No Region': address } }, "can't be the name"],
    [
      'the database of a region',
      { ...config, regions: { nairobi: { ...address, database: 'postgres://u:p@h/d' } } },
      "unknown field 'database'",
    ],
    [
      'plain text to another machine',
      { ...config, regions: { nairobi: { ...address, http: 'http://10.0.0.1' } } },
      "'http' of region 'nairobi'",
    ],
    [
      'a plain socket to another machine',
      { ...config, regions: { nairobi: { ...address, sync: 'ws://localhost:1' } } },
      "'sync' of region 'nairobi'",
    ],
    [
      'a script for an address',
      { ...config, regions: { nairobi: { ...address, http: 'javascript:alert(1)' } } },
      "'http' of region 'nairobi'",
    ],
    [
      'a password in an address',
      { ...config, regions: { nairobi: { ...address, http: 'https://a:b@h' } } },
      "'http' of region 'nairobi'",
    ],
  ])('EL15 is refused with %s', (_what, value, problem) => {
    expect(problemOf(value)).toContain(problem)
  })

  it('EL15 is refused when it is not JSON', () => {
    expect(parseLaunchConfig('{')).toEqual({ problem: 'it is not JSON' })
  })
})
