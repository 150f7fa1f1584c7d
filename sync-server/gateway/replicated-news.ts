import type { Ack } from '../../domain/wire/wire.ts'
import type { Vector } from '../store/ports.ts'
import type { News } from './region-board.ts'

/**
 * Which of the news about other regions one connection is told. Regions flush all the time; a connection wants to
 * know at once when another region has what this one was acknowledged last, and the rest in its time.
 */
export type ReplicatedNews = {
  acknowledged(acks: readonly Ack[]): void
  /** Is the connection to be told this now? If not, it is told with {@link due}. */
  wants(news: News): boolean
  /** What has not been told yet, if it is time. */
  due(): News | undefined
}

/** News that nobody waits for are told after so many ms, those about a part of what was acknowledged sooner. */
const patienceMs = { idle: 4000, waiting: 500 }

/** @param monotonic milliseconds of a clock that never jumps */
export function createReplicatedNews(monotonic: () => number): ReplicatedNews {
  let last: { origin: string; seq: number } | undefined
  let covering = 0
  let kept: News | undefined
  let toldAt = Number.NEGATIVE_INFINITY

  function coveredBy(replicated: { [region: string]: Vector }): number {
    const { origin, seq } = last!
    return Object.values(replicated).filter((vector) => (vector[origin] ?? 0) >= seq).length
  }

  function told(): void {
    toldAt = monotonic()
    kept = undefined
  }

  return {
    acknowledged(acks) {
      for (const { origin, seq } of acks)
        if (!last || last.origin !== origin || seq > last.seq) last = { origin, seq }
      covering = 0
    },
    wants(news) {
      kept = news
      const now = last && news.replicated ? coveredBy(news.replicated) : 0
      const more = now > covering
      covering = now
      const first = toldAt === Number.NEGATIVE_INFINITY
      if (!first && !more) return false
      told()
      return true
    },
    due() {
      const patience = last && covering === 0 ? patienceMs.waiting : patienceMs.idle
      if (!kept || monotonic() - toldAt < patience) return undefined
      const news = kept
      told()
      return news
    },
  }
}
