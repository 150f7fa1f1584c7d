import { conceptText } from '../../../domain/display/concept.ts'
import { formatDate } from '../../../domain/display/dates.ts'
import type { SubjectState } from '../../../domain/entries/heads.ts'
import { codeSystem } from '../../../domain/fhir/code-systems.ts'
import { asText, codeIn, type FhirResource, hasCode } from '../../../domain/fhir/resource.ts'
import { fold, foldedWords } from '../../patients/fold.ts'
import type { Author } from '../author.ts'
import { withNote } from '../note.ts'
import { type Aspects, shownGroup } from './change.ts'
import { problemTerms } from './problem-terms.ts'
import { isTouched } from './rebase.ts'
import { isBefore, readDate } from './typed-date.ts'

/** A problem as typed, grouped by the aspects that it states. */
export type ProblemDraft = {
  status: { clinical: string; verification: string; until: string; reason: string }
  rest: { problem: string; onset: string; note: string }
}

export const emptyProblem: ProblemDraft = {
  status: { clinical: 'active', verification: 'confirmed', until: '', reason: '' },
  rest: { problem: '', onset: '', note: '' },
}

export function readProblem(resource: FhirResource): ProblemDraft {
  const [onset, until] = [asText(resource['onsetDateTime']), asText(resource['abatementDateTime'])]
  return {
    status: {
      clinical: codeIn(resource['clinicalStatus'], codeSystem.conditionClinical) ?? '',
      verification: codeIn(resource['verificationStatus'], codeSystem.conditionVerification) ?? '',
      until: until === undefined ? '' : formatDate(until),
      reason: '',
    },
    rest: {
      problem: conceptText(resource['code']) ?? '',
      onset: onset === undefined ? '' : formatDate(onset),
      note: '',
    },
  }
}

/** Statuses in which a problem is over; only these have an end (con-4). */
export function isOver(clinical: string): boolean {
  return clinical === 'inactive' || clinical === 'remission' || clinical === 'resolved'
}

/** Refuted and erroneous: the entry does not hold. */
export function isVoid(verification: string): boolean {
  return verification === 'refuted' || verification === 'entered-in-error'
}

export type ProblemField = 'problem' | 'onset' | 'until' | 'reason'
export type ProblemProblem = 'missing' | 'date' | 'future' | 'beforeBirth' | 'untilBeforeOnset' | 'reason'

/** What cannot be about a problem as typed. `before`: the problem as it stands, for a change. */
export function checkProblem(
  draft: ProblemDraft,
  { today, born, before }: { today: string; born: string | undefined; before?: ProblemDraft },
): { [field in ProblemField]?: ProblemProblem } {
  const problems: { [field in ProblemField]?: ProblemProblem } = {}
  const { status, rest } = draft
  if (rest.problem.trim() === '' && !before) problems.problem = 'missing'
  const dateOf = (field: 'onset' | 'until', typed: string) => {
    const read = readDate(typed, today)
    if (read === 'problem') problems[field] = 'date'
    if (typeof read !== 'object') return undefined
    if (isBefore(today, read.date)) problems[field] = 'future'
    else if (born !== undefined && isBefore(read.date, born)) problems[field] = 'beforeBirth'
    return read.date
  }
  const onset = !before || rest.onset !== before.rest.onset ? dateOf('onset', rest.onset) : undefined
  const until =
    isOver(status.clinical) && (!before || status.until !== before.status.until)
      ? dateOf('until', status.until)
      : undefined
  const known = onset ?? dateIn(rest.onset, today)
  if (until !== undefined && known !== undefined && isBefore(until, known))
    problems.until = 'untilBeforeOnset'
  const voided = isVoid(status.verification) && status.verification !== before?.status.verification
  if (voided && before && status.reason.trim() === '') problems.reason = 'reason'
  return problems
}

function dateIn(typed: string, today: string): string | undefined {
  const read = readDate(typed, today)
  return typeof read === 'object' ? read.date : undefined
}

export function problemNamed(text: string) {
  const wanted = fold(text.trim())
  return problemTerms.find(({ display, other = [] }) =>
    [display, ...other].some((name) => fold(name) === wanted),
  )
}

/** Problems on the list that what is typed may repeat: the same code, name, or one that holds the other. */
export function problemsKnown(typed: string, conditions: readonly FhirResource[]): string[] {
  const wanted = foldedWords(typed).join(' ')
  if (wanted.length < 3) return []
  const coded = problemNamed(typed)
  return conditions.flatMap((condition) => {
    const name = conceptText(condition['code'])
    const verification = codeIn(condition['verificationStatus'], codeSystem.conditionVerification) ?? ''
    if (name === undefined || isVoid(verification)) return []
    const words = foldedWords(name).join(' ')
    const same =
      ` ${words} `.includes(` ${wanted} `) ||
      ` ${wanted} `.includes(` ${words} `) ||
      (coded !== undefined && hasCode(condition['code'], codeSystem.snomed, [coded.code]))
    return same ? [name] : []
  })
}

/** A new problem. What was typed has been checked. */
export function newProblem(
  { status, rest }: ProblemDraft,
  patientId: string,
  today: string,
  author: Pick<Author, 'user' | 'now' | 'newId'>,
): FhirResource {
  const coded = problemNamed(rest.problem)
  const onset = dateIn(rest.onset, today)
  const resource: FhirResource = {
    resourceType: 'Condition',
    id: author.newId(),
    ...statusGroup({}, status, today),
    category: [{ coding: [{ system: categorySystem, code: 'problem-list-item' }] }],
    code: coded
      ? {
          coding: [{ system: codeSystem.snomed, code: coded.code, display: coded.display }],
          text: coded.display,
        }
      : { text: rest.problem.trim() },
    subject: { reference: `Patient/${patientId}` },
    ...(onset === undefined ? {} : { onsetDateTime: onset }),
    recordedDate: author.now,
    recorder: { display: author.user.name },
  }
  return withNote(resource, rest.note, author)
}

/** The aspects that a changed form states: only those whose part was touched. What the problem is stays as it is. */
export function changedProblem(
  draft: ProblemDraft,
  base: ProblemDraft,
  state: SubjectState,
  today: string,
  author: Pick<Author, 'user' | 'now'>,
): Aspects {
  const aspects: Aspects = {}
  const { reason: _draft, ...status } = draft.status
  const { reason: _base, ...before } = base.status
  if (JSON.stringify(status) !== JSON.stringify(before)) {
    // An end that was there and could not be typed, `in childhood`, stays as it is.
    const kept = status.until === before.until
    aspects['status'] = kept
      ? statusGroup(abatementIn(shownGroup(state, 'status')), draft.status, undefined)
      : statusGroup({}, draft.status, today)
  }
  if (isTouched(draft, base, 'rest')) {
    const shown = shownGroup(state, 'rest')
    const onset = dateIn(draft.rest.onset, today)
    const next = { ...shown }
    if (draft.rest.onset !== base.rest.onset) {
      for (const element of Object.keys(next)) if (/^_?onset[A-Z]/.test(element)) delete next[element]
      if (onset !== undefined) next['onsetDateTime'] = onset
    }
    aspects['rest'] = withNote(next, draft.rest.note, author)
  }
  return aspects
}

function abatementIn(group: { [element: string]: Aspects[string] }): Aspects {
  return Object.fromEntries(Object.entries(group).filter(([element]) => /^_?abatement[A-Z]/.test(element)))
}

/**
 * The status of a condition: without a clinical status where it was entered in error (con-5), with an end only where it
 * is over (con-4). `today` undefined: the end that was there stays.
 */
function statusGroup(
  kept: Aspects,
  { clinical, verification, until }: ProblemDraft['status'],
  today: string | undefined,
): Aspects {
  const end = today === undefined ? undefined : dateIn(until, today)
  const inError = verification === 'entered-in-error'
  return {
    ...(clinical === '' || inError
      ? {}
      : { clinicalStatus: concept(codeSystem.conditionClinical, clinical) }),
    ...(verification === ''
      ? {}
      : { verificationStatus: concept(codeSystem.conditionVerification, verification) }),
    ...(inError || !isOver(clinical) ? {} : kept),
    ...(end === undefined || inError || !isOver(clinical) ? {} : { abatementDateTime: end }),
  }
}

const categorySystem = 'http://terminology.hl7.org/CodeSystem/condition-category'

function concept(system: string, code: string) {
  return { coding: [{ system, code }] }
}
