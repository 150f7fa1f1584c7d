import { appendFileSync } from 'node:fs'

/** Tells progress to whoever started the cluster, and keeps it with its time in `file`. */
export function createClusterLog(progress: (text: string) => void, file: string): (text: string) => void {
  return (text) => {
    progress(text)
    try {
      appendFileSync(file, `${new Date().toISOString()} ${text}\n`, { mode: 0o600 })
    } catch {
      // The folder may be gone, or the disk full: what matters was told already.
    }
  }
}
