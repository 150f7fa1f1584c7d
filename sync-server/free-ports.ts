import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

type Address = { host: string; port: number }

/**
 * A process that was stopped keeps its ports until it wakes up and ends. Whoever has taken over for it on the same machine waits
 * for them. Rejects with the signal's reason.
 * @param waiting told once, if an address is not free
 */
export async function untilFree(
  addresses: readonly Address[],
  signal: AbortSignal,
  waiting: (address: Address) => void,
): Promise<void> {
  let told = false
  for (const address of addresses)
    while (await isInUse(address)) {
      if (!told) waiting(address)
      told = true
      await sleep(retryMs, undefined, { signal })
    }
}

const retryMs = 100

/** True only if somebody else listens there; what else is wrong with an address, the listener itself will say. */
function isInUse({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(false)))
  })
}
