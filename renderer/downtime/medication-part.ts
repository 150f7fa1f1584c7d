import { type MedicationLine, medicationLine } from '../../domain/display/medication-line.ts'
import { asText, type FhirResource } from '../../domain/fhir/resource.ts'
import { byUse, isCurrent, isOrder, medicationStatus, repeats } from '../chart/medication-order.ts'
import { itemsOf, type PatientRecord } from '../chart/record.ts'
import { oneOf, type SheetContext } from './context.ts'
import { alsoStated, marksOf, type Versioned, versioned } from './dissent.ts'
import type { Block, Line, Run } from './sheet.ts'

/**
 * What is given now: what must not be given first, then by name; lines as MEDi-051 has them. Then what is on hold: who
 * reads this in the dark has to know what was paused. An order of which one of several concurrent statements says so
 * stands here too. How many others there are is told.
 */
export function medicationPart(record: PatientRecord, context: SheetContext, deceased: boolean): Block[] {
  const { t } = context
  const all = itemsOf(record, 'MedicationRequest').map((item) => {
    const of = versioned(item)
    return { of, line: medicationLine(item.resource), lines: of.versions.map(medicationLine) }
  })
  const current = all
    .filter(({ lines }) => lines.some((line) => isCurrent(line)))
    .sort((a, b) => byUse(a.line, b.line))
  const onHold = all
    .filter((one) => !current.includes(one) && one.lines.some((line) => medicationStatus(line) === 'on-hold'))
    .sort((a, b) => byUse(a.line, b.line))
  const others = all.length - current.length - onHold.length
  const warned = deceased && current.length > 0
  const remarks = [
    ...(record.complete ? [] : [t('downtime.medications.unavailable')]),
    ...(warned ? [t('medications.deceased')] : []),
    ...(record.complete && current.length === 0
      ? [t(all.length === 0 ? 'medications.empty' : 'downtime.medications.noneCurrent')]
      : []),
  ]
  return [
    { kind: 'heading', title: t('downtime.medications.title'), note: countOf(current.length, context) },
    ...remarks.map((text): Block => ({ kind: 'remark', text })),
    ...[...current, ...onHold].map(({ of }): Block => ({ kind: 'line', ...lineFor(of, context) })),
    ...(others > 0
      ? [{ kind: 'remark' as const, text: t('downtime.medications.others', { count: others }) }]
      : []),
  ]
}

export function countOf(count: number, { t }: SheetContext): string | undefined {
  return count > 0 ? t('downtime.count', { count }) : undefined
}

function lineFor(of: Versioned, context: SheetContext): Line {
  const { t } = context
  const line = medicationLine(of.item.resource)
  return {
    tone: line.doNotPerform ? 'alert' : 'plain',
    runs: [
      ...(line.doNotPerform ? [{ text: `${t('medications.doNotGive')} `, strong: true }] : []),
      ...nameRuns(line, context),
    ],
    beside:
      line.dosages.length === 0 && !line.doNotPerform
        ? [[plain(t('medications.doseNotRecorded'))]]
        : line.dosages.map((dosage) => doseRuns(dosage, line, context)).filter(({ length }) => length > 0),
    tags: [...statusTags(of.item.resource, line, context), ...marksOf(of, context)],
    details: [
      ...alsoStated(of, context, (version) => versionText(version, context)),
      ...(line.statusReason ? [t('medications.reason', { reason: line.statusReason })] : []),
    ],
    struck: false,
  }
}

function nameRuns({ drug, strength, form }: MedicationLine, { t }: SheetContext): Run[] {
  const rest = [strength, form].filter(Boolean).join(' ')
  return [{ text: drug ?? t('medications.unnamed'), strong: true }, ...(rest ? [plain(` ${rest}`)] : [])]
}

function doseRuns(
  dosage: MedicationLine['dosages'][number],
  { doNotPerform }: MedicationLine,
  { t }: SheetContext,
): Run[] {
  const { dose, route, frequency, text } = dosage
  const missing = !dose && !text && !doNotPerform ? t('medications.doseNotRecorded') : undefined
  const words = text && !repeats(dosage) ? text : undefined
  const rest = [missing, route, frequency, words].filter(Boolean).join(' · ')
  return [
    ...(dose ? [plain(`${t('medications.dose')} `), { text: dose, strong: true }] : []),
    ...(rest ? [plain(dose ? ` · ${rest}` : rest)] : []),
  ]
}

function versionText(version: FhirResource, context: SheetContext): string {
  const { t } = context
  const line = medicationLine(version)
  const status = medicationStatus(line)
  return [
    line.doNotPerform ? t('medications.doNotGive') : undefined,
    nameRuns(line, context).map(textIn).join(''),
    ...line.dosages.map((dosage) => doseRuns(dosage, line, context).map(textIn).join('')),
    status ? t(`medications.status.${status}`) : t('medications.statusUnnamed'),
  ]
    .filter(Boolean)
    .join(', ')
}

function statusTags(request: FhirResource, line: MedicationLine, { t }: SheetContext): string[] {
  const status = medicationStatus(line)
  const intent = asText(request['intent'])
  const named = oneOf(['proposal', 'plan'], intent)
  return [
    ...(status === 'active'
      ? []
      : [status ? t(`medications.status.${status}`) : t('medications.statusUnnamed')]),
    ...(intent === undefined || isOrder(intent)
      ? []
      : [named ? t(`medications.intent.${named}`) : t('medications.intent.other', { intent })]),
  ]
}

function plain(text: string): Run {
  return { text, strong: false }
}

function textIn({ text }: Run): string {
  return text
}
