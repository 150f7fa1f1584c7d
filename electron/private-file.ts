import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Writes a file that only its owner may read (mode 0600, where the system has modes), whole or not at all: what stood
 * there before stays until the new one is on the disk. What was begun is taken away when it fails. Rejects with the
 * system's error.
 */
export async function writePrivateFile(path: string, bytes: Uint8Array): Promise<void> {
  const begun = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`)
  try {
    // `wx`: never through a link, or into a file, that somebody else has put there.
    const file = await open(begun, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(begun, path)
  } catch (error) {
    await rm(begun, { force: true }).catch(() => {})
    throw error
  }
}
