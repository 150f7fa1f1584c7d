import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { whereClosedTo } from './postgres-user.ts'

test('CL28 the outermost folder that another user may not enter is found', () => {
  const temp = mkdtempSync(join(tmpdir(), 'meridian-user-'))
  try {
    mkdirSync(join(temp, 'a/b'), { recursive: true })
    const stranger = { uid: 4_000_001, gid: 4_000_001 }
    expect(whereClosedTo(stranger, join(temp, 'a/b'))).toBe(temp)
    chmodSync(temp, 0o711)
    expect(whereClosedTo(stranger, join(temp, 'a/b'))).toBeUndefined()
    chmodSync(join(temp, 'a/b'), 0o700)
    expect(whereClosedTo(stranger, join(temp, 'a/b'))).toBe(join(temp, 'a/b'))
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
    expect(whereClosedTo(owner, join(temp, 'a/b'))).toBeUndefined()
  } finally {
    rmSync(temp, { recursive: true, force: true })
  }
})
