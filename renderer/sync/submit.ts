import type { Ack, Proposal, Refusal } from '../../domain/wire/wire.ts'
import type { Connection, Send } from './connection.ts'
import { createSubmitCore, type SubmitEvent } from './submit-core.ts'

/** Proposes changes over the connection, and tells what the region acknowledges and refuses. */
export type Submitter = {
  propose(proposal: Proposal): void
  /** Nobody wants it any more. */
  takeBack(id: string): void
  stop(): void
}

export type SubmitterDeps = {
  connection: Pick<Connection, 'join' | 'want' | 'region'>
  random: () => number
  /** Calls back once after so many ms; the answer takes it back. */
  after: (ms: number, then: () => void) => () => void
  /** `by`: the region that says so, which has them too, whichever region had them first. */
  onAcked: (acks: readonly Ack[], by: string) => void
  /** Other regions have flushed these too. */
  onElsewhere: (ids: readonly string[], regions: readonly string[]) => void
  onRefused: (refusals: readonly Refusal[]) => void
  /** These, which were told as refused, are on their way again. */
  onRetried: (ids: readonly string[]) => void
}

export function createSubmitter(deps: SubmitterDeps): Submitter {
  const core = createSubmitCore({ random: deps.random })
  let send: Send | undefined
  let cancelTimer = () => {}
  let cancelRest = () => {}

  const handle = (event: SubmitEvent) => {
    for (const action of core.on(event))
      switch (action.do) {
        case 'send':
          send?.(action.bytes)
          break
        case 'wake':
          cancelTimer()
          cancelTimer = deps.after(action.afterMs, () => handle({ type: 'timer' }))
          break
        case 'rest':
          cancelRest()
          cancelRest = deps.after(action.afterMs, () => handle({ type: 'rested' }))
          break
        case 'acked':
          deps.onAcked(action.acks, deps.connection.region())
          break
        case 'elsewhere':
          deps.onElsewhere(action.ids, action.regions)
          break
        case 'refused':
          deps.onRefused(action.refusals)
          break
        case 'retried':
          deps.onRetried(action.ids)
      }
  }

  const leave = deps.connection.join({
    opened(over) {
      send = over
      handle({ type: 'opened' })
    },
    hear(frame) {
      if (frame.type === 'ack' || frame.type === 'refuse' || frame.type === 'replicated')
        handle({ type: 'heard', frame })
    },
    closed(code) {
      send = undefined
      handle({ type: 'closed', code })
    },
  })

  return {
    propose(proposal) {
      handle({ type: 'propose', proposal })
      deps.connection.want()
    },
    takeBack: (id) => handle({ type: 'take-back', id }),
    stop() {
      leave()
      cancelTimer()
      cancelRest()
    },
  }
}
