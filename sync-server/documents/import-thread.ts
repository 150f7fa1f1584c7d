import { Worker } from 'node:worker_threads'
import type { Ask } from './import-worker.ts'

/** A thread that reads imports. What it is asked is answered in that order. */
export type ImportThread = {
  /** Rejects if the thread ends before it has answered. Memory that is handed over is lost to who asks. */
  ask(message: Ask, handOver?: readonly ArrayBuffer[]): Promise<unknown>
  ended(): boolean
  /** From now on the thread does not keep the process alive; {@link ImportThread.ask} makes it do so again. */
  rest(): void
  end(): void
}

export function startImportThread(): ImportThread {
  const worker = new Worker(new URL('./import-worker.ts', import.meta.url), {
    // What the process was started with, a debugger or a test runner, is not for this thread.
    execArgv: [],
    // Most of what it makes is gone at once. No limit on what lasts: to reach it would end the whole process.
    resourceLimits: { maxYoungGenerationSizeMb: 12 },
  })
  const asked: { resolve(answer: unknown): void; reject(error: Error): void }[] = []
  let why: Error | undefined

  worker.on('message', (answer: unknown) => asked.shift()?.resolve(answer))
  worker.on('error', (error: Error) => fail(error))
  worker.on('exit', () => fail(new Error('the thread that reads imports has ended')))

  function fail(error: Error): void {
    why ??= error
    for (const { reject } of asked.splice(0)) reject(why)
  }

  return {
    ask(message, handOver = []) {
      if (why) return Promise.reject(why)
      worker.ref()
      return new Promise((resolve, reject) => {
        worker.postMessage(message, handOver)
        asked.push({ resolve, reject })
      })
    },
    ended: () => why !== undefined,
    rest: () => worker.unref(),
    end() {
      fail(new Error('the import was broken off'))
      void worker.terminate()
    },
  }
}
