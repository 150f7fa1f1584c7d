import { conceptText } from '../../domain/display/concept.ts'
import { asObjects, asText, type FhirResource } from '../../domain/fhir/resource.ts'
import { readProblem } from '../chart/problem.ts'
import { itemsOf, latestFirst, type PatientRecord } from '../chart/record.ts'
import type { SheetContext } from './context.ts'
import { alsoStated, marksOf, type Versioned, versioned } from './dissent.ts'
import { countOf } from './medication-part.ts'
import { type Block, type Line, lineOf } from './sheet.ts'

/** Letters up to which two problems stand beside each other. */
const shortest = 90

/** Live problems by their begin, short ones in pairs. How many others there are is told. */
export function problemPart(record: PatientRecord, context: SheetContext): Block[] {
  const { t } = context
  const all = itemsOf(record, 'Condition').map(versioned)
  const current = latestFirst(
    all.filter(({ versions }) => versions.some((resource) => !readProblem({ resource }).past)),
    ({ item }) => readProblem(item).since,
  )
  const others = all.length - current.length
  const remarks = record.complete
    ? current.length === 0
      ? [t(all.length === 0 ? 'problems.empty' : 'downtime.problems.noneCurrent')]
      : []
    : [t('downtime.problems.unavailable')]
  return [
    { kind: 'heading', title: t('downtime.problems.title'), note: countOf(current.length, context) },
    ...remarks.map((text): Block => ({ kind: 'remark', text })),
    ...inPairs(current.map((of) => lineFor(of, context))),
    ...(others > 0
      ? [{ kind: 'remark' as const, text: t('downtime.problems.others', { count: others }) }]
      : []),
  ]
}

function lineFor(of: Versioned, context: SheetContext): Line {
  const { t } = context
  const { resource } = of.item
  const notes = asObjects(resource['note']).flatMap((note) => asText(note['text']) ?? [])
  return lineOf(conceptText(resource['code']) ?? t('problems.unnamed'), {
    rest: restOf(resource, context),
    tags: [...statusTags(resource, context), ...marksOf(of, context)],
    details: [
      ...alsoStated(of, context, (version) => versionText(version, context)),
      ...notes.map((text) => t('downtime.note', { text })),
    ],
  })
}

function restOf(condition: FhirResource, { t, when }: SheetContext): string {
  const { onset, until } = readProblem({ resource: condition })
  const severity = conceptText(condition['severity'])?.toLowerCase()
  const since = onset && t('problems.since', { when: when(onset) })
  const end = until && t('problems.until', { when: when(until) })
  const rest = [severity, since, end].filter(Boolean).join(', ')
  return rest ? `, ${rest}` : ''
}

function statusTags(condition: FhirResource, { t }: SheetContext): string[] {
  const { clinical, verification } = readProblem({ resource: condition })
  return [
    ...(clinical && clinical !== 'active' ? [t(`problems.clinical.${clinical}`)] : []),
    ...(verification && verification !== 'confirmed' ? [t(`problems.verification.${verification}`)] : []),
  ]
}

function versionText(version: FhirResource, context: SheetContext): string {
  const { t } = context
  const { clinical, verification } = readProblem({ resource: version })
  return [
    `${conceptText(version['code']) ?? t('problems.unnamed')}${restOf(version, context)}`,
    clinical && t(`problems.clinical.${clinical}`),
    verification && t(`problems.verification.${verification}`),
  ]
    .filter(Boolean)
    .join(', ')
}

function inPairs(lines: readonly Line[]): Block[] {
  const blocks: Block[] = []
  let waiting: Line | undefined
  const alone = (line: Line) => blocks.push({ kind: 'line', ...line })
  for (const line of lines) {
    if (!isShort(line)) {
      if (waiting) alone(waiting)
      waiting = undefined
      alone(line)
    } else if (waiting) {
      blocks.push({ kind: 'pair', lines: [waiting, line] })
      waiting = undefined
    } else waiting = line
  }
  if (waiting) alone(waiting)
  return blocks
}

function isShort({ runs, tags, details }: Line): boolean {
  const letters = [...runs.map(({ text }) => text), ...tags].join(' ').length
  return details.length === 0 && letters <= shortest
}
