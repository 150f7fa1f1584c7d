import { ageAt } from '../../domain/display/age.ts'
import {
  isAdult,
  measures,
  oldSince,
  outsideBand,
  type Reading,
  readingsOf,
  unitOf,
} from '../chart/measures.ts'
import { itemsOf, type PatientRecord } from '../chart/record.ts'
import { oneOf, type SheetContext } from './context.ts'
import { marksOf, versioned } from './dissent.ts'
import type { Block, Cell } from './sheet.ts'

/** What is asked of the copies of the journals, in which the vital signs stand. */
export type Journals = {
  /** Years of which this device has no whole copy. */
  missing: readonly string[]
  /** When the oldest of the others was confirmed, ms since 1970. */
  confirmedAt: number | undefined
}

/** The last value of each vital sign with its time and unit; what was entered in error does not count. */
export function vitalsPart(
  record: PatientRecord,
  context: SheetContext,
  born: string | undefined,
  journals: Journals,
): Block[] {
  const { t } = context
  const age = born && ageAt(born, context.now)
  const adult = age !== undefined && age !== '' && isAdult(age)
  const readings = readingsOf(itemsOf(record, 'Observation')).filter(({ struck }) => !struck)
  const last = measures.flatMap((measure) => readings.find((one) => one.measure === measure) ?? [])
  const cells = last.map((reading) => cellFor(reading, adult, context))
  const remarks = [
    ...(journals.missing.length > 0
      ? [t('downtime.vitals.missing', { years: journals.missing.join(', ') })]
      : []),
    ...(cells.length === 0 ? [t('downtime.vitals.none')] : []),
    ...(journals.confirmedAt === undefined
      ? []
      : [t('downtime.vitals.confirmed', { when: context.instant(journals.confirmedAt) })]),
  ]
  return [
    {
      kind: 'heading',
      title: t('downtime.vitals.title'),
      note: cells.length > 0 && adult ? t('downtime.vitals.bands') : undefined,
    },
    ...(cells.length > 0 ? [{ kind: 'values' as const, cells }] : []),
    ...remarks.map((text): Block => ({ kind: 'remark', text })),
  ]
}

const told = ['preliminary', 'amended', 'corrected', 'registered', 'unknown'] as const

function cellFor(reading: Reading, adult: boolean, context: SheetContext): Cell {
  const { t, when, readAt } = context
  const outside = outsideBand(reading, adult)
  const arrow = outside === 'above' ? '↑ ' : outside === 'below' ? '↓ ' : ''
  const old = oldSince(reading.ms, readAt)
  const status = oneOf(told, reading.status)
  return {
    label: t(`vitals.measures.${reading.measure}`),
    value: `${arrow}${reading.text ?? t('vitals.noValue')}`,
    unit: reading.value === undefined ? '' : unitOf[reading.measure],
    when: when(reading.at),
    remarks: [
      ...(old ? [t(`vitals.old.${old.unit}`, { count: old.count })] : []),
      ...(status ? [t(`vitals.statuses.${status}`)] : []),
      ...marksOf(versioned(reading.item), context),
    ],
  }
}
