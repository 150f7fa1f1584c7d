import type { ParsedEntry } from '../../domain/entries/entry.ts'
import type { Ack, Proposal, Refusal } from '../../domain/wire/wire.ts'
import type { RegionConfig } from '../config/config.ts'
import type { Identity } from '../identity/tokens.ts'
import { type Logger, plainError } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { CommitOutcome, Draft, RegionStore } from '../store/ports.ts'
import { createKnowledge } from './knowledge.ts'
import { examineText, examineValue, isRefusal, judge, refusal, type Verdict } from './proposal.ts'

/**
 * The one way by which clients' entries reach the log: check → commit → answer. Each proposal is answered by its id,
 * and none holds up another. An ack means that this region's database has flushed the entry.
 */
export type Admission = {
  /** Proposals of a frame: canonical texts with the ids that they claim. Never rejects. */
  submit(proposals: readonly Proposal[], identity: Identity): Promise<Answers>
  /** Proposals of a JSON body. Never rejects. */
  submitValues(values: readonly unknown[], identity: Identity): Promise<Answers>
  /** Entries that were admitted and wait for the flush. */
  pending(): number
  close(): void
}

export type Answers = { acks: Ack[]; refusals: Refusal[] }

export type AdmissionDeps = {
  config: Pick<RegionConfig, 'limits' | 'homeGroups'>
  store: RegionStore
  logger: Logger
  metrics: Metrics
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number
  /** How many things of each kind are remembered of what the log holds. */
  remembered?: number
  /** Characters of canonical text that may wait to be saved, all entries together. */
  mostBytes?: number
}

type Examined = ParsedEntry | Refusal

/** What became of the proposals of one turn. `later` builds on what is on its way to the log by an earlier one. */
type Judgement = {
  refused: Refusal[]
  drafts: Draft[]
  later: { parsed: ParsedEntry; stored: Promise<boolean> }[]
}

const usualMostBytes = 256 * 1024 * 1024

const unfounded = 'what this builds on was not saved; try again later'

export function createAdmission(deps: AdmissionDeps): Admission {
  const { config, store, logger, metrics, monotonic, remembered, mostBytes = usualMostBytes } = deps
  const knowledge = createKnowledge(store, remembered)
  const groups = new Set(config.homeGroups.map((g) => g.name))
  let pending = 0
  let pendingBytes = 0
  // Proposals are judged in the order in which they came: a chart's first entry before what builds on it.
  let judged: Promise<unknown> = Promise.resolve()

  async function admit(examined: readonly Examined[], identity: Identity): Promise<Answers> {
    const answers: Answers = { acks: [], refusals: [] }
    const wellFormed: ParsedEntry[] = []
    for (const one of examined) {
      if (isRefusal(one)) answers.refusals.push(one)
      else wellFormed.push(one)
    }
    const bytes = wellFormed.reduce((sum, { canonical }) => sum + canonical.length, 0)
    if (pending + wellFormed.length > config.limits.pendingEntries || pendingBytes + bytes > mostBytes) {
      for (const { id } of wellFormed)
        answers.refusals.push(refusal(id, 'busy', 'too many entries wait to be saved; try again later', true))
      return count(answers)
    }
    // A peer's account may belong to a group that this region has not been told of yet.
    const here = { ...identity, homeGroups: identity.homeGroups.filter((g) => groups.has(g)) }
    pending += wellFormed.length
    pendingBytes += bytes
    metrics.pendingEntries.set(pending)
    try {
      await settle(wellFormed, here, answers)
    } finally {
      pending -= wellFormed.length
      pendingBytes -= bytes
      metrics.pendingEntries.set(pending)
    }
    return count(answers)
  }

  async function settle(
    entries: readonly ParsedEntry[],
    identity: Identity,
    answers: Answers,
  ): Promise<void> {
    const began = monotonic()
    const gathered = knowledge.gather(entries.map((e) => e.entry))
    gathered.catch(() => undefined)
    const turn = judged.then(() => gathered).then(() => judgeAll(entries, identity))
    judged = turn.catch(() => undefined)
    let judgement: Judgement
    try {
      judgement = await turn
    } catch (error) {
      logger.error({ error: plainError(error) }, 'proposals could not be judged: the store cannot be read')
      for (const { id } of entries) answers.refusals.push(unavailable(id))
      return
    }
    const { refused, drafts, later } = judgement
    const [outcomes] = await Promise.all([commit(drafts), settleLater(later, identity, answers)])
    for (const outcome of outcomes) {
      if (outcome.outcome === 'committed') answers.acks.push({ id: outcome.id, ...outcome.commit })
      else {
        const { id, outcome: code, detail } = outcome
        answers.refusals.push(refusal(id, code, detail, code !== 'erased'))
      }
    }
    if (drafts.length > 0) metrics.commitSeconds.observe((monotonic() - began) / 1000)
    for (const one of refused) await answerRefused(one, answers)
  }

  async function judgeAll(entries: readonly ParsedEntry[], identity: Identity): Promise<Judgement> {
    const judgement: Judgement = { refused: [], drafts: [], later: [] }
    for (const parsed of entries) {
      const stored = knowledge.awaited(parsed.entry, judgement)
      if (stored) {
        judgement.later.push({ parsed, stored })
        continue
      }
      const verdict = await judgeOne(parsed, identity)
      if (isRefusal(verdict)) judgement.refused.push(verdict)
      else {
        const draft = { ...parsed, homeGroup: verdict.homeGroup }
        knowledge.expect(draft, judgement)
        judgement.drafts.push(draft)
      }
    }
    return judgement
  }

  async function judgeOne(parsed: ParsedEntry, identity: Identity): Promise<Verdict> {
    try {
      // Another commit that failed, or an erasure, may have had things forgotten that were gathered.
      for (let looks = 0; looks < 3 && !knowledge.knows(parsed.entry); looks++)
        await knowledge.gather([parsed.entry])
    } catch {
      return unavailable(parsed.id)
    }
    if (!knowledge.knows(parsed.entry)) return unavailable(parsed.id)
    return judge(parsed, knowledge.factsOf(parsed.entry), identity)
  }

  /** What builds on drafts of others is judged when the log has answered: on nothing that was not saved. */
  async function settleLater(later: Judgement['later'], identity: Identity, answers: Answers): Promise<void> {
    const founded: ParsedEntry[] = []
    for (const { parsed, stored } of later) {
      if (await stored) founded.push(parsed)
      else answers.refusals.push(refusal(parsed.id, 'unavailable', unfounded, true))
    }
    if (founded.length > 0) await settle(founded, identity, answers)
  }

  async function commit(drafts: readonly Draft[]): Promise<CommitOutcome[]> {
    if (drafts.length === 0) return []
    let outcomes: CommitOutcome[]
    try {
      outcomes = await store.entries.commit(drafts)
    } catch (error) {
      logger.error({ error: plainError(error) }, 'the log failed to answer a commit')
      const detail = 'nobody knows whether this was saved; ask for it by its id'
      outcomes = drafts.map(({ id }) => ({ id, outcome: 'indeterminate', detail }))
    }
    for (const [at, draft] of drafts.entries()) knowledge.settle(draft, outcomes[at]?.outcome === 'committed')
    return outcomes
  }

  /** What would be refused now may have been committed long ago: a device that tries again gets that commit. */
  async function answerRefused(refused: Refusal, answers: Answers): Promise<void> {
    // What was committed about a patient who is erased is no more: the device has to let go of it.
    if (refused.code === 'erased') return void answers.refusals.push(refused)
    const known = await store.entries.find(refused.id).catch(() => undefined)
    const commit = known?.commits.find((c) => c.origin === store.entries.origin()) ?? known?.commits[0]
    if (commit) answers.acks.push({ id: refused.id, ...commit })
    else answers.refusals.push(refused)
  }

  function count(answers: Answers): Answers {
    metrics.entriesCommitted.inc(answers.acks.length)
    for (const { code } of answers.refusals) metrics.entriesRefused.inc({ code })
    return answers
  }

  return {
    submit: (proposals, identity) => admit(proposals.map(examineText), identity),
    submitValues: (values, identity) =>
      admit(
        values.map((value, at) => examineValue(value, `entries[${at}]`)),
        identity,
      ),
    pending: () => pending,
    close: () => knowledge.close(),
  }
}

function unavailable(id: string): Refusal {
  return refusal(id, 'unavailable', 'this region cannot read its store now; try again later', true)
}
