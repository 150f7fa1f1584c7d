/**
 * `npm run cluster -- --data DIR --base-port N …`, see command.ts. Signals are listened to before anything else is
 * loaded: a start that is stopped in its first moments ends as orderly as any other.
 */
const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort())

const write = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(`${text}\n`)
// A reader that went away must not take the cluster with it.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
let crashed = false
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack ?? error}\n`)
  crashed = true
  stop.abort()
})

const { runCluster } = await import('./command.ts')
const status = await runCluster(process.argv.slice(2), stop.signal, {
  out: write(process.stdout),
  err: write(process.stderr),
})
process.exit(crashed ? 1 : status)

export {}
