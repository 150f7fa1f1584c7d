import { allergyLabel, allergySummary } from '../../domain/display/allergies.ts'
import { asObjects, asText, type FhirResource } from '../../domain/fhir/resource.ts'
import {
  allergyClinicals,
  allergyVerifications,
  criticalities,
  severities,
} from '../../domain/fhir/value-sets.ts'
import { byDanger, isPast } from '../chart/allergy-order.ts'
import { itemsOf, type PatientRecord, statedBy } from '../chart/record.ts'
import { oneOf, type SheetContext } from './context.ts'
import { alsoStated, marksOf, type Versioned, versioned } from './dissent.ts'
import { type Block, type Line, lineOf } from './sheet.ts'

/**
 * Every allergy that this device knows of, the most dangerous first, under one of the four labels of PAB-0064. What is
 * over, refuted or in error stands last, and says so. An allergy counts if any of its concurrent statements counts.
 */
export function allergyPart(record: PatientRecord, context: SheetContext): Block[] {
  const { t } = context
  const all = itemsOf(record, 'AllergyIntolerance').map((item) => listed(versioned(item)))
  const label = allergyLabel(
    all.flatMap(({ of }) => of.versions),
    record.complete,
  )
  const remarks = {
    known: [],
    none: [],
    notRecorded: [t('allergies.emptyText')],
    unavailable: [
      t('downtime.allergies.unavailable'),
      ...(all.length > 0 ? [t('downtime.allergies.arrived')] : []),
    ],
  }[label]
  return [
    { kind: 'heading', title: t(`banner.allergies.${label}`), note: undefined },
    ...remarks.map((text): Block => ({ kind: 'remark', text })),
    ...all
      .sort((a, b) => Number(b.counts) - Number(a.counts) || byDanger(a.summary, b.summary))
      .map((one): Block => ({ kind: 'line', ...lineFor(one, context) })),
  ]
}

type Listed = { of: Versioned; summary: ReturnType<typeof allergySummary>; counts: boolean }

/** Of statements that were made at once the most dangerous one gives the place in the list. */
function listed(of: Versioned): Listed {
  const summaries = of.versions.map(allergySummary).sort(byDanger)
  return {
    of,
    summary: summaries[0] ?? allergySummary(of.item.resource),
    counts: summaries.some((one) => !one.struck && !isPast(one) && !one.negation),
  }
}

function lineFor({ of, summary, counts }: Listed, context: SheetContext): Line {
  const { t } = context
  const { resource } = of.item
  const shown = allergySummary(resource)
  const severe = summary.reactions.some(({ severity }) => severity === 'severe')
  const notes = asObjects(resource['note']).flatMap((note) => asText(note['text']) ?? [])
  return lineOf(nameOf(resource, context), {
    rest: ` ${shown.negation ? authorOf(of, context) : reactionsOf(resource, context)}`,
    tone: counts && (summary.criticality === 'high' || severe) ? 'alert' : 'plain',
    tags: [...criticalityOf(resource, context), ...statusOf(resource, context), ...marksOf(of, context)],
    details: [
      ...alsoStated(of, context, (version) => versionText(version, context)),
      ...notes.map((text) => t('downtime.note', { text })),
    ],
    struck: !counts && shown.struck,
  })
}

function nameOf(allergy: FhirResource, { t }: SheetContext): string {
  const { negation, substance } = allergySummary(allergy)
  return negation ? t('allergies.none') : (substance ?? t('allergies.unnamed'))
}

/** "No known allergies" carries its author and date (ADR-0052). */
function authorOf({ item }: Versioned, { t, when }: SheetContext): string {
  const { recorder, recorded } = allergySummary(item.resource)
  const stated = statedBy(item, 'code')
  const who = recorder ?? stated?.who
  const date = recorded ?? stated?.when
  return who && date ? t('banner.noneBy', { who, when: when(date) }) : t('banner.noneUndated')
}

/** With "active" and "confirmed", which are not told of a statement that nobody contradicts. */
function versionText(version: FhirResource, context: SheetContext): string {
  const { t } = context
  const { clinicalStatus, verificationStatus } = allergySummary(version)
  const clinical = oneOf(allergyClinicals, clinicalStatus)
  const verification = oneOf(allergyVerifications, verificationStatus)
  return [
    nameOf(version, context),
    reactionsOf(version, context),
    ...criticalityOf(version, context),
    ...(clinical ? [t(`allergies.clinical.${clinical}`)] : []),
    ...(verification ? [t(`allergies.verification.${verification}`)] : []),
  ].join(', ')
}

function reactionsOf(allergy: FhirResource, { t }: SheetContext): string {
  const texts = allergySummary(allergy).reactions.map(({ manifestations, severity }) => {
    const what = manifestations.join(', ') || t('allergies.reactionNotRecorded')
    const how = oneOf(severities, severity)
    return how ? `${what}, ${t(`allergies.severity.${how}`)}` : what
  })
  return texts.join(' · ') || t('allergies.reactionNotRecorded')
}

function criticalityOf(allergy: FhirResource, { t }: SheetContext): string[] {
  const code = oneOf(criticalities, allergySummary(allergy).criticality)
  return code ? [t(`allergies.criticality.${code}`)] : []
}

function statusOf(allergy: FhirResource, { t }: SheetContext): string[] {
  const { verificationStatus, clinicalStatus } = allergySummary(allergy)
  const verification = oneOf(allergyVerifications, verificationStatus)
  const clinical = oneOf(['inactive', 'resolved'], clinicalStatus)
  return [
    ...(verification && verification !== 'confirmed' ? [t(`allergies.verification.${verification}`)] : []),
    ...(clinical ? [t(`allergies.clinical.${clinical}`)] : []),
  ]
}
