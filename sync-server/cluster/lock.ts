import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { identify } from './process-identity.ts'

/**
 * One cluster per data folder: the file `lock` names the process that has it. A lock whose process is gone, or whose
 * pid belongs to another process by now, is stale; so is one that came along when the folder was copied.
 */

const shape = z.object({ pid: z.int(), startedAt: z.string(), folder: z.string() })

export type Lock = { release(): void }

/** Takes the lock of a folder, or says which living process has it. */
export function takeLock(file: string, folder: string): Lock | { heldBy: number } {
  const own = JSON.stringify({ pid: process.pid, startedAt: identify(process.pid)?.startedAt ?? '', folder })
  // Written aside and linked into place: a lock is never seen half written, and linking fails if one is there.
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, own, { mode: 0o600 })
  try {
    for (;;) {
      if (tryLink(draft, file)) return { release: () => release(file, own) }
      const found = read(file)
      const holder = found === undefined ? undefined : holderOf(found, folder)
      if (holder !== undefined) return { heldBy: holder }
      if (found !== undefined) setAside(file, found)
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function holderOf(text: string, folder: string): number | undefined {
  const parsed = shape.safeParse(parseJson(text))
  if (!parsed.success || parsed.data.folder !== folder) return undefined
  return identify(parsed.data.pid)?.startedAt === parsed.data.startedAt ? parsed.data.pid : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Removes a stale lock, but not one that somebody else put in its place meanwhile. */
function setAside(file: string, stale: string): void {
  const aside = `${file}.stale.${process.pid}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (readFileSync(aside, 'utf8') !== stale) tryLink(aside, file)
  rmSync(aside, { force: true })
}

function release(file: string, own: string): void {
  if (read(file) === own) rmSync(file, { force: true })
}
