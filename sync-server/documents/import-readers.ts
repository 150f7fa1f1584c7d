import type { RefusedPart } from '../../domain/fhir/bundle.ts'
import type { Metrics } from '../observability/metrics.ts'
import { type ImportSummary, openReading, type Portion, type UnreadImport } from './import-reading.ts'
import { type ImportThread, startImportThread } from './import-thread.ts'

/**
 * Who reads what is sent to be imported. Small bodies are read where they are; large ones by threads of their own, of which
 * there are few: what comes then waits, and when too much waits, it has to come again later.
 */
export type ImportReaders = {
  /**
   * Lends a reader for as long as `work` lasts. `busy` if too many wait for one. When the signal tells that nobody waits for
   * the answer any more, what the reader is asked rejects.
   */
  lend<T>(
    bytes: number,
    signal: AbortSignal | undefined,
    work: (reader: ImportReader) => Promise<T>,
  ): Promise<T | 'busy'>
}

export type ImportReader = {
  /** Takes the body over: whoever has the parts must not use them any more. */
  open(parts: readonly Uint8Array[], source: string): Promise<ImportSummary | UnreadImport>
  refused(from: number): Promise<RefusedPart[]>
  portion(patient: number, from: number): Promise<Portion>
}

export type ReaderLimits = {
  /** Bodies of fewer bytes are read on the spot. */
  smallBytes: number
  /** Large imports that are worked on at a time. */
  threads: number
  /** Large imports that wait for that. */
  waiting: number
  /** How long a thread is kept for the next import, in ms. */
  idleMs: number
}

export type ReaderDeps = {
  metrics: Metrics
  startThread?: () => ImportThread
  limits?: ReaderLimits
}

const readerLimits: ReaderLimits = { smallBytes: 64 * 1024, threads: 4, waiting: 32, idleMs: 30_000 }

export function createImportReaders({
  metrics,
  startThread = startImportThread,
  limits = readerLimits,
}: ReaderDeps): ImportReaders {
  const idle: { thread: ImportThread; timer: NodeJS.Timeout }[] = []
  const waiting: (() => void)[] = []
  let working = 0

  function count(): void {
    metrics.importsUnderWay.set({ stage: 'waiting' }, waiting.length)
    metrics.importsUnderWay.set({ stage: 'working' }, working)
  }

  /** True when a thread may be used; rejects if the signal comes first. */
  async function mayWork(signal: AbortSignal | undefined): Promise<boolean> {
    signal?.throwIfAborted()
    if (working < limits.threads) {
      working += 1
      return true
    }
    if (waiting.length >= limits.waiting) return false
    await new Promise<void>((resolve, reject) => {
      const next = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(next), 1)
        count()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', leave, { once: true })
      waiting.push(next)
      count()
    })
    return true
  }

  function release(thread: ImportThread): void {
    // The place goes to who waits longest, without anybody coming in between.
    const next = waiting.shift()
    if (next) next()
    else working -= 1
    count()
    if (thread.ended()) return
    thread.ask({ ask: 'close' }).catch(() => undefined)
    thread.rest()
    const resting = { thread, timer: setTimeout(() => dismiss(resting), limits.idleMs).unref() }
    idle.push(resting)
  }

  function dismiss(resting: (typeof idle)[number]): void {
    idle.splice(idle.indexOf(resting), 1)
    resting.thread.end()
  }

  function takeThread(): ImportThread {
    for (let resting = idle.pop(); resting; resting = idle.pop()) {
      clearTimeout(resting.timer)
      if (!resting.thread.ended()) return resting.thread
    }
    return startThread()
  }

  count()
  return {
    async lend(bytes, signal, work) {
      if (bytes < limits.smallBytes) return work(readHere())
      if (!(await mayWork(signal))) {
        metrics.importsTurnedAway.inc()
        return 'busy'
      }
      count()
      const thread = takeThread()
      const end = () => thread.end()
      signal?.addEventListener('abort', end, { once: true })
      try {
        return await work(readBy(thread))
      } finally {
        signal?.removeEventListener('abort', end)
        release(thread)
      }
    },
  }
}

function readBy(thread: ImportThread): ImportReader {
  return {
    async open(parts, source) {
      const own = parts.map((part) => (isAlone(part) ? part : new Uint8Array(part)))
      return (await thread.ask(
        { ask: 'open', parts: own, source },
        own.map((part) => part.buffer as ArrayBuffer),
      )) as ImportSummary | UnreadImport
    },
    refused: async (from) => (await thread.ask({ ask: 'refused', from })) as RefusedPart[],
    portion: async (patient, from) =>
      JSON.parse((await thread.ask({ ask: 'portion', patient, from })) as string) as Portion,
  }
}

/** Has a part its memory for itself, so that it can be handed over? */
function isAlone(part: Uint8Array): boolean {
  return part.byteLength === part.buffer.byteLength && part.buffer instanceof ArrayBuffer
}

function readHere(): ImportReader {
  let reading: ReturnType<typeof openReading> | undefined
  const opened = () => {
    if (!reading || !('summary' in reading)) throw new Error('no import is open')
    return reading
  }
  return {
    async open(parts, source) {
      reading = openReading(Buffer.concat(parts), source)
      return 'summary' in reading ? reading.summary : reading
    },
    refused: async (from) => opened().refused(from),
    portion: async (patient, from) => JSON.parse(opened().portion(patient, from)) as Portion,
  }
}
