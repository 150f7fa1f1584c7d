import { describe, expect, it } from 'vitest'
import { readOptions } from './options.ts'

const config = {
  region: 'london',
  regions: { london: { http: 'https://london.example', sync: 'wss://london.example/sync' } },
}
const encoded = Buffer.from(JSON.stringify(config)).toString('base64url')

describe('the command line', () => {
  it('EL14 asks for nothing when it holds nothing of ours', () => {
    expect(readOptions(['--inspect=0', '/app', '--no-sandbox'], '/home/u')).toEqual({
      profile: null,
      config: null,
    })
  })

  it.each([
    ['--profile', 'p', '--config', encoded],
    ['--no-sandbox', `--config=${encoded}`, '--profile=/home/u/p'],
    ['--user-data-dir', '/home/u/p', `--config=${encoded}`],
  ])('EL17 takes profile and configuration (%s %s …)', (...argv) => {
    expect(readOptions(argv, '/home/u')).toEqual({ profile: '/home/u/p', config })
  })

  it.each([['--config'], ['--config='], ['--config={}'], ['--config', 'e30'], ['--profile='], ['--profile']])(
    'EL15 is refused with the reason (%s %s)',
    (...argv) => {
      expect(readOptions(argv, '/home/u')).toEqual({
        problem: expect.stringContaining(argv[0]?.slice(0, 8) ?? ''),
      })
    },
  )
})
