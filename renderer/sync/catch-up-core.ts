import {
  closeCodes,
  encodeFrame,
  type Frame,
  type FrameVector,
  type ScopeState,
} from '../../domain/wire/wire.ts'

/**
 * Keeps the copies of all documents in a clinician's scope current, without opening them. Sans I/O: frames come in,
 * actions go out, and are to be carried out one after the other.
 *
 * Invariants
 * 1. The cursor moves only when everything towards its target has been handed out, so whoever carries the actions out in
 *    order never stores a cursor ahead of what it covers.
 * 2. A document counts as held only from the end of a catch-up on that had it in its scope; one that is void is new again
 *    until the next end.
 * 3. A catch-up that broke off goes on where it was: towards the same target, without the documents that were done.
 */
export type Cursor = {
  target: FrameVector
  /** The region's signature under the target; empty before the first. */
  proof: string
  /** Documents that are held up to the target. */
  held: readonly string[]
}

export type CatchUpAction =
  | { do: 'send'; bytes: Uint8Array }
  | { do: 'store'; document: string; update: Uint8Array }
  /** What is held is void; `erased`: it is to be destroyed for good. */
  | { do: 'drop'; document: string; erased: boolean }
  /** `request`: the question whose answer it is. */
  | { do: 'keep-cursor'; cursor: Cursor; request: number }

export type CatchUpCore = {
  /** The documents that are wanted now. Asks for them if somebody is there to be asked. */
  want(documents: readonly string[]): CatchUpAction[]
  opened(): CatchUpAction[]
  closed(): void
  hear(frame: Frame): CatchUpAction[]
  /** A copy is gone, or is no good: it is new again. */
  forget(document: string): void
  /** Was this document given up when that question had been asked already? Then its answer says nothing of it. */
  wasForgotten(document: string, request: number): boolean
  /** Asks what is new; does nothing while an answer is under way. */
  ask(): CatchUpAction[]
}

export const noCursor: Cursor = { target: {}, proof: '', held: [] }

/** A region takes no more documents in one scope. */
const mostDocuments = 10_000

type Asked = {
  request: number
  scope: readonly string[]
  target: FrameVector
  proof: string
  done: Set<string>
}

export function createCatchUpCore(start: Cursor): CatchUpCore {
  let { target, proof } = start
  const held = new Set(start.held)
  let wanted: readonly string[] = []
  let connected = false
  let requests = 0
  let asked: Asked | undefined
  /** What a broken connection left half done. */
  let half: Asked | undefined
  /** The scope has changed, or something was given up, since it was asked for. */
  let stale = false
  /** Document → the last question that had been asked when it was given up. */
  const forgotten = new Map<string, number>()

  function ask(): CatchUpAction[] {
    if (!connected || wanted.length === 0) return []
    if (asked) {
      stale = true
      return []
    }
    stale = false
    requests += 1
    const scope = wanted.slice(0, mostDocuments)
    const before = half
    half = undefined
    asked = {
      request: requests,
      scope,
      target: before?.target ?? {},
      proof: '',
      done: before?.done ?? new Set(),
    }
    const stateOf = (document: string): ScopeState =>
      asked?.done.has(document) ? 'done' : held.has(document) ? 'held' : 'new'
    const frame = {
      channel: 0,
      type: 'catch-up',
      request: requests,
      proof,
      cursor: target,
      target: asked.target,
      scope: scope.map((document) => ({ document, state: stateOf(document) })),
    } as const
    return [{ do: 'send', bytes: encodeFrame(frame) }]
  }

  function finish(done: Asked): CatchUpAction[] {
    asked = undefined
    target = done.target
    proof = done.proof
    held.clear()
    for (const document of done.scope) if (!wasForgotten(document, done.request)) held.add(document)
    const cursor = { target, proof, held: [...held] }
    const kept: CatchUpAction = { do: 'keep-cursor', cursor, request: done.request }
    return stale ? [kept, ...ask()] : [kept]
  }

  function wasForgotten(document: string, request: number): boolean {
    return (forgotten.get(document) ?? 0) >= request
  }

  function unhold(document: string): void {
    held.delete(document)
    asked?.done.delete(document)
    half?.done.delete(document)
  }

  return {
    forget(document) {
      unhold(document)
      // The answer that is under way may not have all of it, nor those that are still to be carried out.
      forgotten.set(document, requests)
      if (asked) stale = true
    },
    wasForgotten,
    want(documents) {
      const same = documents.length === wanted.length && documents.every((name, i) => name === wanted[i])
      wanted = documents
      return same ? [] : ask()
    },
    opened() {
      connected = true
      return ask()
    },
    closed() {
      connected = false
      half = asked && Object.keys(asked.target).length > 0 ? asked : half
      asked = undefined
    },
    ask: () => (asked ? [] : ask()),
    hear(frame) {
      if (frame.type === 'gone') {
        unhold(frame.document)
        return [{ do: 'drop', document: frame.document, erased: frame.code === closeCodes.erased }]
      }
      if (!asked || !('request' in frame) || frame.request !== asked.request) return []
      switch (frame.type) {
        case 'target':
          asked = { ...asked, target: frame.target, proof: frame.proof }
          return []
        case 'part':
          if (frame.last) asked.done.add(frame.document)
          return [{ do: 'store', document: frame.document, update: frame.update }]
        case 'caught-up':
          return finish(asked)
        default:
          return []
      }
    },
  }
}
