import { Text } from '@mantine/core'
import type { TFunction } from 'i18next'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { medicationLine } from '../../../domain/display/medication-line.ts'
import { resourceOf } from '../../../domain/fhir/present.ts'
import { asObject, asObjects, type FhirResource } from '../../../domain/fhir/resource.ts'
import { medicationStatus, repeats } from '../medication-order.ts'
import type { Item } from '../record.ts'
import { useAuthor } from '../use-author.ts'
import { useKeep } from '../use-keep.ts'
import { showWhatIsWrong } from '../what-is-wrong.ts'
import { changeOf } from './change.ts'
import { ChangeFrame, EnterAnew, ReasonField } from './change-frame.tsx'
import { checkMedication } from './check-medication.ts'
import {
  changedMedication,
  fitsForm,
  type MedicationDraft,
  orderStatuses,
  readMedication,
} from './medication-draft.ts'
import { DosageFields, Doubts, medicationDoubtText } from './medication-fields.tsx'
import type { ChangeProps } from './panel.ts'
import { Choices, NoteField, useLeft, useYes } from './parts.tsx'
import { isTouched } from './rebase.ts'
import { useChangeForm } from './use-change.ts'

/** The form that changes an order: another dose, on hold, stopped, completed, entered in error. */
export function ChangeMedication(props: ChangeProps<MedicationDraft> & { item: Item }) {
  const { t } = useTranslation()
  const { item } = props
  const form = useChangeForm(item.state, (state) => readMedication(resourceOf(state)), props.refused)
  const { draft, base } = form
  const [anew, setAnew] = useState(false)
  const inError = draft.status.status === 'entered-in-error' && base.status.status !== 'entered-in-error'
  const again = inError && anew
  // What ends has no dose to be changed, unless one was typed before.
  const ends =
    inError ||
    (['stopped', 'completed'].includes(draft.status.status) &&
      isTouched(draft, base, 'status') &&
      !isTouched(draft, base, 'dosage'))
  const { keep, problem } = useKeep(props.patientId, () =>
    again ? props.onAnew(againOf(base)) : props.onKept(),
  )
  const author = useAuthor()
  const [tried, setTried] = useState(false)
  const left = useLeft()
  const element = useRef<HTMLFormElement>(null)

  const line = medicationLine(item.resource)
  const before = { draft: base, resource: item.resource }
  const checked = checkMedication(draft, { ...props, before })
  const doubts = checked.doubts.map((doubt) => medicationDoubtText(t, draft, doubt))
  const sure = useYes(doubts)
  const drug = line.drug ?? t('medications.unnamed')
  const doseNow = lineOf(item.resource) || (line.doNotPerform ? '' : t('medications.doseNotRecorded'))
  const statusNow = [statusWords(t, line.status), line.statusReason].filter(Boolean).join(', ')

  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    const wrong = Object.keys(checked.problems).length > 0 || (doubts.length > 0 && !sure.said)
    if (wrong || form.news.length > 0 || form.touched.length === 0) return showWhatIsWrong(element.current)
    void keep(() => {
      const stated = author()
      const aspects = changedMedication(draft, base, item.state, props.today, stated)
      const entry = changeOf(item.state, aspects, props.record, stated)
      const about = line.doNotPerform ? 'medications.aboutNotGiven' : 'medications.aboutChange'
      return [{ entry, about: t(about, { drug: line.drug ?? '' }) }]
    })
  }
  const statuses = orderStatuses.some((status) => status === base.status.status)
    ? orderStatuses
    : [base.status.status, ...orderStatuses]

  return (
    <ChangeFrame
      {...props}
      title={t('changeMedication.title')}
      name={line.doNotPerform ? t('medications.notGiven', { drug }) : drug}
      now={[doseNow, statusNow].filter(Boolean)}
      form={form}
      say={(part) =>
        part === 'dosage'
          ? t('meanwhile.dose', { now: doseNow })
          : part === 'status'
            ? t('meanwhile.status', { now: statusNow })
            : t('meanwhile.other')
      }
      tried={tried}
      element={element}
      onSave={save}
      notKept={problem}
    >
      <Choices
        label={t('medicationForm.status')}
        value={draft.status.status}
        options={statuses.map((value) => ({ value, label: statusWords(t, value) }))}
        onChange={(status) =>
          form.change('status', { status, reason: status === base.status.status ? base.status.reason : '' })
        }
        autofocus
      />
      {isTouched(draft, base, 'status') && draft.status.status !== 'completed' && (
        <ReasonField
          label={t('panel.reason')}
          value={draft.status.reason}
          onChange={(reason) => form.change('status', { reason })}
          error={tried && checked.problems.reason && t('panel.reasonMissing')}
        />
      )}
      {inError && <EnterAnew checked={anew} onChange={setAnew} />}
      {!line.doNotPerform && !ends && (
        <>
          {!fitsForm(item.resource) && (
            <Text fz="sm" c="dimmed">
              {t('changeMedication.whole')}
            </Text>
          )}
          <DosageFields
            dosage={draft.dosage}
            onChange={(part) => form.change('dosage', part)}
            checked={checked}
            tried={tried}
            left={left}
            withStart={!hasLength(item.resource)}
          />
        </>
      )}
      {doubts.length > 0 && <Doubts doubts={doubts} yes={sure} tried={tried} />}
      <NoteField
        label={t('panel.addNote')}
        value={draft.rest.note}
        onChange={(note) => form.change('rest', { note })}
      />
    </ChangeFrame>
  )
}

/** Dose, route and frequency as they are read. */
export function lineOf(resource: FhirResource): string {
  const { dosages } = medicationLine(resource)
  return dosages
    .map((dosage) => {
      const { dose, route, frequency, text } = dosage
      const said = [dose, route, frequency].filter(Boolean).join(' · ')
      // Of several, only the prescriber's words may say which holds when.
      return said && text && dosages.length > 1 && !repeats(dosage) ? `${said} (${text})` : said || text
    })
    .filter(Boolean)
    .join('; ')
}

function againOf({ dosage, rest }: MedicationDraft): MedicationDraft {
  return { dosage, status: { status: 'active', reason: '' }, rest }
}

/** A course of a certain length: its begin cannot be typed beside it (FHIR knows one bound). */
function hasLength(resource: FhirResource): boolean {
  return asObjects(resource['dosageInstruction']).some((instruction) => {
    const repeat = asObject(asObject(instruction['timing'])?.['repeat'])
    return repeat !== undefined && ('boundsDuration' in repeat || 'boundsRange' in repeat)
  })
}

function statusWords(t: TFunction, status: string | undefined): string {
  return t(`medications.status.${medicationStatus({ status }) ?? 'unknown'}`)
}
