import { closeCodes } from '../../domain/wire/wire.ts'
import { type Logger, plainError } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { EntryLog } from '../store/ports.ts'
import type { FanOut } from './fan-out.ts'
import { createRowsChannel, type RowsEffect, type RowsEvent } from './rows-channel.ts'
import type { Socket, SocketHandlers } from './socket.ts'
import type { Telling } from './telling.ts'

export type ServeRowsDeps = {
  entries: EntryLog
  telling: Telling
  fanOut: FanOut
  metrics: Metrics
  logger: Logger
}

/** The rim of {@link createRowsChannel}: carries out its effects on a socket and the region's log. */
export function serveRows(document: string, socket: Socket, deps: ServeRowsDeps): SocketHandlers {
  const { entries, telling, fanOut, metrics, logger } = deps
  const channel = createRowsChannel()
  let open = true

  function happen(event: RowsEvent): void {
    if (!open) return
    try {
      for (const effect of channel.step(event, socket.room())) carryOut(effect)
    } catch (error) {
      // A document that cannot be told is one reader's trouble, not the region's.
      logger.error({ document, error: plainError(error) }, 'a document cannot be told to its reader')
      carryOut({ do: 'close', code: closeCodes.busy, reason: 'this region cannot tell this document now' })
    }
  }

  function carryOut(effect: RowsEffect): void {
    if (effect.do === 'send') socket.send(effect.bytes)
    else if (effect.do === 'read')
      look(telling.read(document, effect.since), (told) => ({ type: 'rows', ...told }))
    else if (effect.do === 'count') look(entries.clocksOf(document), (clocks) => ({ type: 'clocks', clocks }))
    else if (effect.do === 'resynced') metrics.resyncs.inc()
    else {
      open = false
      socket.close(effect.code, effect.reason)
    }
  }

  function look<T>(answer: Promise<T>, eventOf: (value: T) => RowsEvent): void {
    answer.then(
      (value) => happen(eventOf(value)),
      (error) => {
        logger.warn({ document, error: plainError(error) }, 'a document cannot be read')
        happen({ type: 'failed' })
      },
    )
  }

  // Subscribed before anything is read, so that nothing falls between the two.
  const unsubscribe = fanOut.subscribe(document, (message, ranges) =>
    happen({ type: 'flushed', message, ranges }),
  )
  happen({ type: 'opened' })

  return {
    message: (bytes) => happen({ type: 'message', bytes: bytes ?? noMessage }),
    drained: () => happen({ type: 'drained' }),
    closed: () => {
      open = false
      unsubscribe()
    },
  }
}

/** What a frame of text is taken for: bytes that are no message. */
const noMessage = new Uint8Array(0)
