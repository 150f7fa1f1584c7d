import type { TFunction } from 'i18next'
import { ageAt } from '../../domain/display/age.ts'
import { dayIn, formatDate } from '../../domain/display/dates.ts'
import { patientName } from '../../domain/display/patient-name.ts'
import {
  chartOf,
  isDocumentName,
  noticesOf,
  parseDocumentName,
} from '../../domain/documents/document-name.ts'
import { asText, type FhirResource } from '../../domain/fhir/resource.ts'
import { diedOf } from '../chart/died.ts'
import { genderOf } from '../chart/gender.ts'
import { identifierToShow } from '../chart/identifier.ts'
import { type PatientRecord, readRecord } from '../chart/record.ts'
import type { PatientRow } from '../patients/worklist.ts'
import { regionTitle } from '../session/regions.ts'
import { type Ladder, notAccepted } from '../sync/ladder.ts'
import { allergyPart } from './allergy-part.ts'
import { type SheetContext, sheetContext } from './context.ts'
import { divideLong } from './divide.ts'
import { medicationPart } from './medication-part.ts'
import { problemPart } from './problem-part.ts'
import type { PatientCopy } from './read-copy.ts'
import { resuscitationPart } from './resuscitation-part.ts'
import { type Fact, type Sheet, type Warning, warningBlock } from './sheet.ts'
import { otherVersions } from './versions.ts'
import { type Journals, vitalsPart } from './vitals-part.ts'

/** What a sheet is made of. */
export type SheetInput = {
  row: PatientRow
  /** Another patient on the list has a name that is easily taken for this one. */
  similar: boolean
  copy: PatientCopy
  /** The changes of this person on this device. */
  ladder: Ladder
  /** When the copy was read, ms since 1970. */
  readAt: number
  /** When the list arrived from which the row is, ms since 1970. */
  listedAt: number
  deviceZone: string
  t: TFunction
}

/** One patient's sheet: pure, from what was read. */
export function sheetOf(input: SheetInput): Sheet {
  const { row, copy, ladder, readAt, deviceZone, t } = input
  const context = sheetContext(t, { timeZone: row.timeZone, deviceZone }, readAt)
  const journals = new Map([...copy.documents].filter(([name]) => name !== noticesOf(row.id)))
  const record = readRecord(row.id, journals, ladder)
  const nothing =
    record.entries.size === 0 || [...record.entries.values()].every(({ length }) => length === 0)
  if (nothing) return emptySheet(input, 'none')
  const { patient } = record
  const died = patient ? diedOf(patient) : row.deceased || undefined
  const chart = copy.documents.get(chartOf(row.id))
  return {
    ...headOf(row, patient, context),
    copy: record.complete ? 'whole' : 'part',
    deceased: died !== undefined,
    asOf: asOfText(chart?.complete ? chart.confirmedAt : undefined, context),
    blocks: divideLong([
      ...warningsOf(input, record, context).map(warningBlock),
      ...resuscitationPart(record, context),
      ...allergyPart(record, context),
      ...medicationPart(record, context, died !== undefined),
      ...problemPart(record, context),
      ...vitalsPart(record, context, asText(patient?.['birthDate']), journalsOf(copy, chart?.confirmedAt)),
    ]),
  }
}

/** The sheet of a patient of whom this device has nothing, or nothing that this app can read: it says so. */
export function emptySheet(
  { row, similar, ladder, listedAt, readAt, deviceZone, t }: Omit<SheetInput, 'copy'>,
  copy: 'none' | 'failed',
): Sheet {
  const context = sheetContext(t, { timeZone: row.timeZone, deviceZone }, readAt)
  const warnings = [
    { title: t(`downtime.copy.${copy}.title`), text: t(`downtime.copy.${copy}.text`) },
    ...commonWarnings({ row, similar, ladder, t }),
  ]
  return {
    ...headOf(row, undefined, context),
    copy,
    deceased: row.deceased !== false,
    asOf: t('downtime.asOf.list', { when: context.instant(listedAt) }),
    blocks: [
      ...warnings.map(warningBlock),
      { kind: 'heading', title: t('banner.allergies.unavailable'), note: undefined },
      { kind: 'remark', text: t('downtime.allergies.unavailable') },
    ],
  }
}

/** Name and facts: of the chart, or of the list where there is no chart. */
function headOf(row: PatientRow, patient: FhirResource | undefined, context: SheetContext) {
  const { t } = context
  const identifier = patient && identifierToShow(patient)
  const label = identifier?.label ?? t('banner.identifier')
  const value = (patient ? identifier?.value : row.identifier) ?? t('app.notRecorded')
  return {
    patientId: row.id,
    name: patient ? patientName(patient, t('app.unknown')) : row.name || t('app.unknown'),
    facts: [
      ...(patient ? personFacts(patient, row.timeZone, context) : listFacts(row, context)),
      { label, value },
      { label: t('patients.columns.home'), value: regionTitle(row.home) },
    ],
    identifier: `${label} ${value}`,
    timeZone: row.timeZone,
  }
}

function listFacts({ born, gender, deceased, timeZone }: PatientRow, context: SheetContext): Fact[] {
  return personFacts(
    {
      resourceType: 'Patient',
      ...(born === undefined ? {} : { birthDate: born }),
      ...(gender === undefined ? {} : { gender }),
      ...(typeof deceased === 'string' ? { deceasedDateTime: deceased } : { deceasedBoolean: deceased }),
    },
    timeZone,
    context,
  )
}

function personFacts(patient: FhirResource, timeZone: string, { t, now }: SheetContext): Fact[] {
  const died = diedOf(patient)
  const born = asText(patient['birthDate'])
  const gender = asText(patient['gender'])
  const age =
    born &&
    died !== true &&
    ageAt(born, typeof died === 'string' ? dayIn(died, timeZone) : dayIn(now, timeZone))
  const bornText = born ? formatDate(born) : t('app.notRecorded')
  return [
    { label: t('banner.born'), value: age ? `${bornText} (${age})` : bornText },
    ...(died === undefined
      ? []
      : [
          typeof died === 'string'
            ? { label: t('banner.died'), value: formatDate(died, timeZone) }
            : { label: t('banner.deceased'), value: t('banner.deceasedUndated') },
        ]),
    {
      label: t('banner.gender'),
      value: gender ? t(`gender.${genderOf(gender)}`) : t('app.notRecorded'),
    },
  ]
}

function asOfText(confirmedAt: number | undefined, { t, instant, readAt }: SheetContext): string {
  if (confirmedAt === undefined) return t('downtime.asOf.never')
  const minutes = Math.max(0, Math.round((readAt - confirmedAt) / 60_000))
  const when = instant(confirmedAt)
  if (minutes === 0) return t('downtime.asOf.now', { when })
  if (minutes < 120) return t('downtime.asOf.minutes', { when, count: minutes })
  if (minutes < 48 * 60) return t('downtime.asOf.hours', { when, count: Math.round(minutes / 60) })
  return t('downtime.asOf.days', { when, count: Math.round(minutes / 1440) })
}

/** Journals that are not whole, and the age of the others where it is another than the chart's. */
function journalsOf({ documents }: PatientCopy, chartAt: number | undefined): Journals {
  const journals = [...documents].flatMap(([name, state]) => {
    const parsed = parseDocumentName(name)
    return isDocumentName(parsed) && parsed.kind === 'journal' ? [{ year: parsed.year, state }] : []
  })
  const times = journals.flatMap(({ state }) => (state.complete ? (state.confirmedAt ?? []) : []))
  const oldest = times.length > 0 ? Math.min(...times) : undefined
  const same = oldest !== undefined && chartAt !== undefined && Math.abs(oldest - chartAt) < 60_000
  return {
    missing: journals.filter(({ state }) => !state.complete).map(({ year }) => year),
    confirmedAt: same ? undefined : oldest,
  }
}

function warningsOf(input: SheetInput, record: PatientRecord, context: SheetContext): Warning[] {
  const { row, copy, t } = input
  const state = record.patient && record.subjects.get(`Patient/${row.id}`)
  const identities = state ? otherVersions(state) : []
  const notices = copy.documents.get(noticesOf(row.id))?.entries.length ?? 0
  const disputes = [...record.items.values()]
    .flat()
    .filter(({ state }) => otherVersions(state).length > 0).length
  return [
    ...(record.complete ? [] : [{ title: t('downtime.part.title'), text: t('downtime.part.text') }]),
    ...identities.map((other) => ({
      title: t('downtime.identity.title'),
      text: t('downtime.identity.text', { other: identityText(other, row.timeZone, context) }),
    })),
    ...(disputes > 0
      ? [{ title: t('downtime.disputes.title', { count: disputes }), text: t('downtime.disputes.text') }]
      : []),
    ...(copy.unreadable > 0
      ? [
          {
            title: t('downtime.unreadable.title', { count: copy.unreadable }),
            text: t('downtime.unreadable.text'),
          },
        ]
      : []),
    ...(notices > 0
      ? [{ title: t('downtime.notices.title', { count: notices }), text: t('downtime.notices.text') }]
      : []),
    ...commonWarnings(input),
  ]
}

function commonWarnings({ row, similar, ladder, t }: Pick<SheetInput, 'row' | 'similar' | 'ladder' | 't'>) {
  const refused = notAccepted(ladder).filter(({ patientId }) => patientId === row.id).length
  return [
    ...(refused > 0
      ? [{ title: t('downtime.refused.title', { count: refused }), text: t('downtime.refused.text') }]
      : []),
    ...(similar ? [{ title: t('downtime.similar.title'), text: t('downtime.similar.text') }] : []),
  ]
}

function identityText(patient: FhirResource, timeZone: string, context: SheetContext): string {
  const facts = personFacts(patient, timeZone, context).map(({ label, value }) => `${label} ${value}`)
  const identifier = identifierToShow(patient)
  return [
    patientName(patient, context.t('app.unknown')),
    ...facts,
    ...(identifier ? [`${identifier.label ?? context.t('banner.identifier')} ${identifier.value}`] : []),
  ].join(', ')
}
