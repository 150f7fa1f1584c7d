import { expect, test } from 'vitest'
import { parseArguments } from './arguments.ts'

const needed = ['--data', 'x', '--base-port', '9000']

test('CL3 regions, mode and samples have defaults; data and base port are needed', () => {
  expect(parseArguments(needed)).toEqual({
    arguments: {
      data: 'x',
      basePort: 9000,
      regions: ['frankfurt', 'london', 'nairobi'],
      mode: 'static',
      samples: true,
    },
  })
  expect(parseArguments([...needed, '--regions', 'a,b', '--mode', 'auto', '--no-samples'])).toMatchObject({
    arguments: { regions: ['a', 'b'], mode: 'static', samples: false },
  })
})

test('CL3 unusable arguments are told in one line', () => {
  for (const [argv, words] of [
    [['--base-port', '9000'], '--data is missing'],
    [['--data', 'x'], '--base-port is missing'],
    [['--data', 'x', '--base-port', '0'], '--base-port 0'],
    [['--data', 'x', '--base-port', '65336'], '--base-port 65336'],
    [['--data', 'x', '--base-port', '9e3'], '--base-port 9e3'],
    [[...needed, '--regions', ''], 'is no region'],
    [[...needed, '--regions', 'a,,b'], 'is no region'],
    [[...needed, '--regions', 'Frankfurt'], '"Frankfurt" is no region'],
    [[...needed, '--regions', 'a,a'], 'listed twice'],
    [[...needed, '--regions', 'a,devices'], '"devices"'],
    [[...needed, '--regions', 'a,b,c,d,e,f,g,h,i,j,k'], 'at most 10'],
    [[...needed, '--mode', 'fast'], 'none of auto, static, quorum'],
    [[...needed, '--wrong'], '--wrong'],
    [[...needed, 'more'], 'more'],
  ] as const) {
    const parsed = parseArguments(argv)
    expect('problem' in parsed ? parsed.problem : 'accepted', argv.join(' ')).toContain(words)
  }
})

test('CL4 quorum is refused in words until it is built', () => {
  expect(parseArguments([...needed, '--mode', 'quorum'])).toEqual({
    problem: expect.stringContaining('not built yet'),
  })
})
