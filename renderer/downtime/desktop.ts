import { z } from 'zod'
import type { Paper } from './sheet-page.tsx'

/** What the desktop shell does for the pack. In a browser there is none of it. */
export type Desktop = {
  /** Asks where, and puts the page as it is printed into a file. */
  savePdf(request: { name: string; paper: Paper }): Promise<SaveAnswer>
  /** Hears of the menu; the answer ends that. */
  onDowntime(act: () => void): () => void
}

export type SaveAnswer = z.infer<typeof answerShape>

const answerShape = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('saved'), name: z.string() }),
  z.object({ outcome: z.literal('cancelled') }),
  z.object({
    outcome: z.literal('failed'),
    why: z.enum(['no-room', 'not-allowed', 'no-place', 'busy', 'print', 'other']),
    code: z.string(),
  }),
])

const isFunction = (value: unknown) => typeof value === 'function'
const bridgeShape = z.object({
  savePdf: z.custom<(request: unknown) => Promise<unknown>>(isFunction),
  onDowntime: z.custom<(act: () => void) => () => void>(isFunction),
})

/** Reads `window.meridian`. What the shell answers is checked like anything from outside. */
export function desktopOf(bridge: unknown): Desktop | undefined {
  const parsed = bridgeShape.safeParse(bridge)
  if (!parsed.success) return undefined
  return {
    async savePdf(request) {
      const unknown: SaveAnswer = { outcome: 'failed', why: 'other', code: 'shell' }
      try {
        const answer = answerShape.safeParse(await parsed.data.savePdf(request))
        return answer.success ? answer.data : unknown
      } catch {
        return unknown
      }
    },
    onDowntime: (act) => parsed.data.onDowntime(act),
  }
}

export function desktopHere(): Desktop | undefined {
  return desktopOf((window as { meridian?: unknown }).meridian)
}
