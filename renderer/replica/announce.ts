/** Tells this window and the others of one profile that the outbox is no longer what it was. */
export type Announce = {
  tell(): void
  onTold(listener: () => void): () => void
  close(): void
}

/** By a BroadcastChannel. What a message says is not looked at: it is reason to read the outbox, nothing more. */
export function announceByChannel({ channel }: { channel: BroadcastChannel }): Announce {
  const listeners = new Set<() => void>()
  let closed = false
  const tellHere = () => {
    for (const listener of listeners) listener()
  }
  channel.onmessage = tellHere
  return {
    tell() {
      if (closed) return
      channel.postMessage(0)
      tellHere()
    },
    onTold(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      closed = true
      channel.close()
    },
  }
}
