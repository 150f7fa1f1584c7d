import type { Ack, Proposal, Refusal } from '../../domain/wire/wire.ts'
import { meridianProtocol } from '../../domain/wire/wire.ts'
import { createSubmitCore, type SubmitEvent } from './submit-core.ts'

/** One WebSocket to the region's meridian endpoint, and what it acknowledges and refuses. */
export type Submitter = {
  propose(proposal: Proposal): void
  stop(): void
}

export type SubmitterDeps = {
  /** Address of the meridian endpoint. */
  sync: string
  token: () => Promise<string | undefined>
  random: () => number
  onAcked: (acks: readonly Ack[]) => void
  onRefused: (refusals: readonly Refusal[]) => void
}

export function createSubmitter(deps: SubmitterDeps): Submitter {
  const core = createSubmitCore({ random: deps.random })
  let socket: WebSocket | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  const handle = (event: SubmitEvent) => {
    for (const action of core.on(event))
      switch (action.do) {
        case 'connect':
          void connect()
          break
        case 'send':
          socket?.send(action.bytes as Uint8Array<ArrayBuffer>)
          break
        case 'wake':
          timer = setTimeout(() => handle({ type: 'timer' }), action.afterMs)
          break
        case 'acked':
          deps.onAcked(action.acks)
          break
        case 'refused':
          deps.onRefused(action.refusals)
          break
        case 'close':
          socket?.close()
          break
      }
  }

  const connect = async () => {
    const token = await deps.token()
    if (stopped) return
    if (token === undefined) return handle({ type: 'closed', code: 0 })
    const mine = new WebSocket(deps.sync, [meridianProtocol, `bearer.${token}`])
    mine.binaryType = 'arraybuffer'
    socket = mine
    mine.onopen = () => handle({ type: 'opened' })
    mine.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) handle({ type: 'received', bytes: new Uint8Array(data) })
    }
    mine.onclose = ({ code }) => {
      if (socket !== mine || stopped) return
      socket = undefined
      handle({ type: 'closed', code })
    }
  }

  handle({ type: 'start' })
  return {
    propose: (proposal) => handle({ type: 'propose', proposal }),
    stop() {
      clearTimeout(timer)
      handle({ type: 'stop' })
      stopped = true
      socket = undefined
    },
  }
}
