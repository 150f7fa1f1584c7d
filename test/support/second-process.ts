import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { regionFolder } from '../../sync-server/cluster/region-folder.ts'

const checkout = resolve(import.meta.dirname, '../..')

/** One more server of a region that has one, with the same configuration: it stands by. */
export type SecondProcess = {
  pid: number
  http: string
  /** Its log so far. */
  log(): string
  /** Exit status, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>
  signal(name: NodeJS.Signals): void
}

/** @param ports where it listens, if not where its configuration says */
export function startSecondProcess(
  data: string,
  region: string,
  ports?: { http: number; replication: number },
): SecondProcess {
  const child = spawn(
    process.execPath,
    [join(checkout, 'sync-server/main.ts'), '--config', regionFolder(data, region).config],
    {
      cwd: checkout,
      env: {
        ...process.env,
        ...(ports && {
          MERIDIAN_HTTP_PORT: String(ports.http),
          MERIDIAN_REPLICATION_PORT: String(ports.replication),
        }),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const ended = new Promise<number | NodeJS.Signals>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code, signal) => done(code ?? signal ?? 0))
  })
  return {
    pid: child.pid!,
    http: `http://127.0.0.1:${ports?.http ?? 0}`,
    log: () => text,
    ended,
    signal: (name) => void child.kill(name),
  }
}
