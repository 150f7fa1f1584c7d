import type { BrowserContext, Page } from 'playwright'
import type { RefusalCode } from '../../domain/wire/wire.ts'
import { decodeFrame, encodeFrame } from '../../domain/wire/wire.ts'

/** What becomes of proposals: the region gets them; they are held until the fate is `pass`; or they are refused with this code. */
export type Fate = 'pass' | 'hold' | RefusalCode

/**
 * Stands between the windows of a context and their region, and decides over proposals. All else goes through. To be
 * called before a page is opened.
 */
export async function standBetween(where: BrowserContext | Page, first: Fate = 'pass') {
  let fate = first
  let held: (() => void)[] = []
  await where.routeWebSocket(/.*/, (socket) => {
    const region = socket.connectToServer()
    socket.onMessage((message) => {
      const frame = typeof message === 'string' ? undefined : decodeFrame(message)
      if (frame?.type !== 'submit' || fate === 'pass') return region.send(message)
      if (fate === 'hold') {
        held.push(() => region.send(message))
        return
      }
      const code = fate
      const refusals = frame.proposals.map(({ id }) => ({ id, code, detail: 'by the test', retry: false }))
      socket.send(Buffer.from(encodeFrame({ channel: frame.channel, type: 'refuse', refusals })))
    })
  })
  return {
    let(next: Fate) {
      fate = next
      if (next !== 'pass') return
      for (const send of held) send()
      held = []
    },
  }
}
