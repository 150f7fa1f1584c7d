import { expect, it } from 'vitest'
import { isOwnFile } from './downloads.ts'

it('EL37 the app saves files that its own page made, and none from anywhere else', () => {
  expect(isOwnFile('blob:app://meridian/0d5e7c0e-1b1f-4d0c-9f0e-0a8e4a3b1c2d')).toBe(true)
  for (const other of [
    'blob:https://meridian/0d5e7c0e',
    'blob:app://elsewhere/0d5e7c0e',
    'blob:null/0d5e7c0e',
    'app://meridian/index.html',
    'https://127.0.0.1/file',
    'data:text/plain,x',
    'blob:',
    '',
  ])
    expect(isOwnFile(other), other).toBe(false)
})
