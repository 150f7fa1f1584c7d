import type { Entry } from '../../../domain/entries/entry.ts'
import type { AllergyDraft } from '../author.ts'
import type { PatientRecord } from '../record.ts'
import type { PanelForm } from '../side-panel.tsx'
import type { VitalsTyped } from '../vitals-form.ts'
import type { AllergyChange } from './allergy-change.ts'
import type { MedicationDraft } from './medication-draft.ts'
import type { ProblemDraft } from './problem-draft.ts'
import type { CorrectionDraft } from './vitals-correction.ts'

/** What every panel of a chart knows of its patient. */
export type AboutPatient = {
  patientId: string
  record: PatientRecord
  /** FHIR date in the zone of the patient's home group. */
  today: string
  adult: boolean
  /** FHIR date. */
  born: string | undefined
}

/** What a form gets that adds something. */
export type AddProps<D> = AboutPatient &
  PanelForm & {
    /** What it begins with: of a change that was not accepted, or of an entry that was wrong. */
    filled: D | undefined
    onKept: () => void
  }

/** A change that was not accepted, and the form filled with it. */
export type Refused<D> = { entry: Entry; draft: D }

/** What a form gets that changes something. `onAnew`: it was entered in error, and is entered anew, filled so. */
export type ChangeProps<D, Anew = D> = AboutPatient &
  PanelForm & {
    refused: Refused<D> | undefined
    onKept: () => void
    onAnew: (filled: Anew) => void
  }

/**
 * The panel that is open. `filled`: what it begins with; `edits`: id of the refused change whose place it takes when it
 * is saved.
 */
export type Panel = { edits?: string } & (
  | { what: 'addAllergy'; filled?: AllergyDraft }
  | { what: 'addMedication'; filled?: MedicationDraft }
  | { what: 'addProblem'; filled?: ProblemDraft }
  | { what: 'vitals'; filled?: VitalsTyped }
  /** Readings of one moment. */
  | { what: 'correctVitals'; subjects: readonly string[]; refused?: Refused<CorrectionDraft> }
  | { what: 'changeAllergy'; subject: string; refused?: Refused<AllergyChange> }
  | { what: 'changeMedication'; subject: string; refused?: Refused<MedicationDraft> }
  | { what: 'changeProblem'; subject: string; refused?: Refused<ProblemDraft> }
  /** A refused change that no form can edit, or that is no longer there. */
  | { what: 'noForm'; why: 'unknown' | 'notThere' }
)

/** Names a panel by what it is about: two of the same key are one. */
export function keyOf(panel: Panel): string {
  const about = 'subject' in panel ? [panel.subject] : 'subjects' in panel ? panel.subjects : ['']
  return [panel.what, ...about, panel.edits ?? ''].join(' ')
}
