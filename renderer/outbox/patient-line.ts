import type { TFunction } from 'i18next'
import { formatDate } from '../../domain/display/dates.ts'
import type { PatientRow } from '../patients/worklist.ts'
import type { StoredChange } from '../replica/stored-change.ts'

/** Whom a change is about, so that two people are not confused; somebody who is not on the list is said to be so. */
export type PatientLine = {
  name: string
  /** Born and identifier; for a stranger the id of the record. */
  beside: string[]
  timeZone: string | undefined
}

export type PatientsById = ReadonlyMap<string, PatientRow>

export function patientLine(t: TFunction, patients: PatientsById, { patientId }: StoredChange): PatientLine {
  const row = patients.get(patientId)
  if (!row) return { name: t('outbox.stranger'), beside: [patientId], timeZone: undefined }
  return {
    name: row.name || t('app.unknown'),
    beside: [
      t('outbox.born', { born: row.born ? formatDate(row.born) : t('app.notRecorded') }),
      row.identifier ?? t('app.notRecorded'),
    ],
    timeZone: row.timeZone,
  }
}

/** In one line: `SMITH, John (Mr) · Born 05-Jan-2009 · 9a62 8ccd`. */
export function patientWords(t: TFunction, patients: PatientsById, change: StoredChange): string {
  const { name, beside } = patientLine(t, patients, change)
  return [name, ...beside].join(' · ')
}
