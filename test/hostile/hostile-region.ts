import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Audit, Memory, Question } from './region-process.ts'

/** A region in a process of its own, to be shot at. */
export type HostileRegion = {
  http: string
  sync: string
  author: { user: string; role: string; organisation: string }
  token(): Promise<string>
  memory(): Promise<Memory>
  audit(): Promise<Audit>
  connections(): Promise<number>
  /** How it ended, if it did: nothing that is sent to it may do that. */
  ended(): string | undefined
  end(): void
}

export async function startHostileRegion(): Promise<HostileRegion> {
  const child = fork(join(import.meta.dirname, 'region-process.ts'), [], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>()
  let ended: string | undefined
  let last = ''
  let next = 0
  child.stderr?.on('data', (text) => {
    last = `${last}${text}`.slice(-2000)
  })
  child.on('message', ({ id, answer }: { id: number; answer: unknown }) => {
    waiting.get(id)?.resolve(answer)
    waiting.delete(id)
  })
  child.on('exit', (code, signal) => {
    ended = `the region ended (${code ?? signal}): ${last}`
    for (const { reject } of waiting.values()) reject(new Error(ended))
  })

  function answerTo<T>(id: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (ended !== undefined) reject(new Error(ended))
      else waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject })
    })
  }

  function ask<T>(question: Question): Promise<T> {
    next += 1
    const answer = answerTo<T>(next)
    if (ended === undefined) child.send({ id: next, question })
    return answer
  }

  const ready = await answerTo<Pick<HostileRegion, 'http' | 'sync' | 'author'>>(0)
  return {
    ...ready,
    token: () => ask('token'),
    memory: () => ask('memory'),
    audit: () => ask('audit'),
    connections: () => ask('connections'),
    ended: () => ended,
    end: () => child.disconnect(),
  }
}
