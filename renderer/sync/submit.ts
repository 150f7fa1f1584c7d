import { createAssembler } from '../../domain/wire/chunks.ts'
import type { Ack, Proposal, Refusal } from '../../domain/wire/wire.ts'
import { decodeFrame, meridianProtocol } from '../../domain/wire/wire.ts'
import type { CatchUp } from './catch-up.ts'
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
  /** Other regions have flushed these too. */
  onElsewhere: (ids: readonly string[], regions: readonly string[]) => void
  onRefused: (refusals: readonly Refusal[]) => void
  /** Whoever else speaks over the same connection. */
  also: Pick<CatchUp, 'opened' | 'hear' | 'closed'>
}

/** What a region sends in pieces, at most, in bytes. */
const mostChunkBytes = 64 * 1024 * 1024

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
        case 'elsewhere':
          deps.onElsewhere(action.ids, action.regions)
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
    const assembler = createAssembler(mostChunkBytes)
    const take = (bytes: Uint8Array) => {
      const frame = decodeFrame(bytes)
      if (frame?.type === 'chunk') {
        const whole = assembler.take(frame.channel, frame.piece, frame.last)
        if (whole) take(whole)
        return
      }
      handle({ type: 'received', bytes })
      if (frame) deps.also.hear(frame)
    }
    mine.onopen = () => {
      handle({ type: 'opened' })
      deps.also.opened((bytes) => mine.send(Uint8Array.from(bytes)))
    }
    mine.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer && socket === mine) take(new Uint8Array(data))
    }
    mine.onclose = ({ code }) => {
      if (socket !== mine || stopped) return
      socket = undefined
      deps.also.closed()
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
