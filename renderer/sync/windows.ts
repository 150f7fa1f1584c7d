import { z } from 'zod'
import type { Ack, Refusal } from '../../domain/wire/wire.ts'

/**
 * The windows of one profile in which the same person is signed in. They share one replica. One of them leads: it brings
 * changes to the region and keeps the copies current, for all; the others hear from it. When it goes, the next one leads.
 */
export type Windows = {
  /** Tells the other windows. */
  tell(news: News): void
  onTold(listener: (news: News) => void): () => void
  /** What is done under one name is done one after the other, whichever window does it. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Begins when it is this window's turn to lead; what `begin` answers is called when it leads no more. */
  lead(begin: () => () => void): void
  close(): void
}

export type News =
  /** Changes as they were kept: the texts of `stored-change.ts`. */
  | { type: 'proposed'; changes: string[] }
  | { type: 'acked'; acks: Ack[]; by: string }
  | { type: 'elsewhere'; ids: string[]; regions: string[] }
  | { type: 'refused'; refusals: Refusal[] }
  | { type: 'retried'; ids: string[] }
  | { type: 'dismissed'; ids: string[] }
  /** These are on the list. */
  | { type: 'patients'; ids: string[] }
  /** The cursor has moved. */
  | { type: 'caught-up' }
  /** The copy of a document was given up. */
  | { type: 'forgotten'; document: string }

const ids = z.array(z.string())
/** Windows of another version of the app may say what this one does not know. */
const newsShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('proposed'), changes: z.array(z.string()) }),
  z.object({
    type: z.literal('acked'),
    acks: z.array(z.object({ id: z.string(), origin: z.string(), seq: z.number(), epoch: z.number() })),
    by: z.string(),
  }),
  z.object({ type: z.literal('elsewhere'), ids, regions: z.array(z.string()) }),
  z.object({
    type: z.literal('refused'),
    refusals: z.array(
      z.object({
        id: z.string(),
        code: z.custom<Refusal['code']>((code) => typeof code === 'string'),
        detail: z.string(),
        retry: z.boolean(),
      }),
    ),
  }),
  z.object({ type: z.literal('retried'), ids }),
  z.object({ type: z.literal('dismissed'), ids }),
  z.object({ type: z.literal('patients'), ids }),
  z.object({ type: z.literal('caught-up') }),
  z.object({ type: z.literal('forgotten'), document: z.string() }),
])

export type WindowsDeps = {
  /** Names the profile and the person. */
  name: string
  channel: BroadcastChannel
  /** Absent where the browser has none: then every window leads, which does no harm but costs twice. */
  locks: Pick<LockManager, 'request'> | undefined
}

export function windowsOfProfile({ name, channel, locks }: WindowsDeps): Windows {
  const listeners = new Set<(news: News) => void>()
  const ends = new Set<() => void>()
  const closing = new AbortController()
  let closed = false
  channel.onmessage = ({ data }) => {
    const news = newsShape.safeParse(data)
    if (news.success && !closed) for (const listener of [...listeners]) listener(news.data)
  }

  const leadUntilClosed = (begin: () => () => void) =>
    new Promise<void>((over) => {
      if (closed) return over()
      const end = begin()
      ends.add(() => {
        end()
        over()
      })
    })

  return {
    tell(news) {
      if (!closed) channel.postMessage(news)
    },
    onTold(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    exclusively: async (what, work) => (locks ? await locks.request(`${name} ${what}`, work) : await work()),
    lead(begin) {
      if (!locks) return void leadUntilClosed(begin)
      locks
        .request(`${name} lead`, { signal: closing.signal }, () => leadUntilClosed(begin))
        // Closed while it waited for its turn.
        .catch(() => undefined)
    },
    close() {
      closed = true
      closing.abort()
      for (const end of ends) end()
      channel.close()
      listeners.clear()
    },
  }
}
