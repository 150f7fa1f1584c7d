import { Autocomplete, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { medicationLine } from '../../../domain/display/medication-line.ts'
import { entryOf } from '../author.ts'
import { NotKept } from '../not-kept.tsx'
import { itemsOf } from '../record.ts'
import classes from '../side-panel.module.css'
import { useAuthor } from '../use-author.ts'
import { useKeep } from '../use-keep.ts'
import { showWhatIsWrong } from '../what-is-wrong.ts'
import { beginsAnyWord } from './begins.ts'
import { checkMedication } from './check-medication.ts'
import { allergiesAgainst, drugIn, ordersKnown } from './drug-known.ts'
import { drugs } from './drugs.ts'
import { emptyMedication, type MedicationDraft, newMedication } from './medication-draft.ts'
import { DosageFields, Doubts, medicationDoubtText, medicationProblemText } from './medication-fields.tsx'
import type { AboutPatient, AddProps } from './panel.ts'
import { Choices, Foot, Known, NoteField, Question, useLeft, useYes } from './parts.tsx'
import { touchedParts } from './rebase.ts'

/** The form of a new order. What speaks against it stands above the dose while one types. */
export function AddMedication(props: AddProps<MedicationDraft>) {
  const { t } = useTranslation()
  const { keep, problem } = useKeep(props.patientId, props.onKept)
  const author = useAuthor()
  const [draft, setDraft] = useState(props.filled ?? emptyMedication)
  const [tried, setTried] = useState(false)
  const left = useLeft()
  const form = useRef<HTMLFormElement>(null)

  const { drug } = draft.dosage
  const allergies = itemsOf(props.record, 'AllergyIntolerance').map(({ resource }) => resource)
  const orders = itemsOf(props.record, 'MedicationRequest').map(({ resource }) => resource)
  const against = allergiesAgainst(drug, allergies)
  const known = ordersKnown(drug, orders)
  const warnings = [
    ...known
      .filter(({ how }) => how === 'forbidden')
      .map(({ name }) => t('addMedication.warnings.forbidden', { name })),
    ...against.map(({ substance, how, struck }) =>
      t(`addMedication.warnings.${struck ? 'struck' : how}`, { substance }),
    ),
    ...known
      .filter(({ how }) => how !== 'forbidden')
      .map(({ name, how }) => t(`addMedication.warnings.${how === 'same' ? 'repeated' : 'kind'}`, { name })),
  ]
  const serious = against.some(({ struck }) => !struck) || known.some(({ how }) => how !== 'kind')
  const checked = checkMedication(draft, props)
  const doubts = checked.doubts.map((doubt) => medicationDoubtText(t, draft, doubt))
  const warned = useYes(warnings)
  const sure = useYes(doubts)

  const change = <P extends keyof MedicationDraft>(part: P, value: Partial<MedicationDraft[P]>) => {
    const next = { ...draft, [part]: { ...draft[part], ...value } }
    setDraft(next)
    props.onDirty(props.filled !== undefined || touchedParts(next, emptyMedication).length > 0)
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    const open = (serious && !warned.said) || (doubts.length > 0 && !sure.said)
    if (Object.keys(checked.problems).length > 0 || open) return showWhatIsWrong(form.current)
    void keep(() => {
      const stated = author()
      const resource = newMedication(draft, props.patientId, props.today, stated)
      const about = t('medications.about', { drug: drug.trim() })
      return [{ entry: entryOf(resource, props.patientId, props.record, stated), about }]
    })
  }
  const coded = drugIn(drug)
  const drugProblem = checked.problems.drug

  return (
    <form ref={form} onSubmit={save} noValidate aria-label={t('addMedication.title')}>
      <KnownOrders {...props} typed={known.map(({ name }) => name)} />
      <Stack gap="md">
        <Autocomplete
          label={t('addMedication.drug')}
          description={
            coded
              ? t('addMedication.coded', { drug: coded.display, code: coded.atc })
              : t(drug.trim() ? 'panel.freeText' : 'addMedication.drugHint')
          }
          data={drugs.map(({ display }) => display)}
          filter={beginsAnyWord((label) => drugs.find(({ display }) => display === label)?.other ?? [])}
          value={drug}
          onChange={(value) => change('dosage', { drug: value })}
          error={tried && drugProblem && medicationProblemText(t, 'drug', drugProblem)}
          limit={12}
          maxDropdownHeight={260}
          maxLength={300}
          openOnFocus={false}
          autoComplete="off"
          data-autofocus
        />
        {warnings.length > 0 &&
          (serious ? (
            <Question
              title={t('addMedication.warnings.title')}
              lines={warnings}
              confirm={t('addMedication.warnings.confirm')}
              yes={warned}
              tried={tried}
              missing={t('addMedication.warnings.missing')}
            />
          ) : (
            <div className={classes.warning} role="status">
              {warnings.map((line) => (
                <p key={line}>{line}</p>
              ))}
            </div>
          ))}
        <DosageFields
          dosage={draft.dosage}
          onChange={(part) => change('dosage', part)}
          checked={checked}
          tried={tried}
          left={left}
          withStart
        />
        {doubts.length > 0 && draft.dosage.drug !== '' && (tried || draft.dosage.amount !== '') && (
          <Doubts doubts={doubts} yes={sure} tried={tried} />
        )}
        <Choices
          label={t('medicationForm.status')}
          value={draft.status.status}
          options={(['active', 'on-hold', 'draft'] as const).map((value) => ({
            value,
            label: t(`medications.status.${value}`),
          }))}
          onChange={(status) => change('status', { status })}
        />
        <TextInput
          label={t('medicationForm.indication')}
          value={draft.rest.indication}
          onChange={(event) => change('rest', { indication: event.currentTarget.value })}
          maxLength={300}
          autoComplete="off"
        />
        <NoteField
          label={t('panel.note')}
          value={draft.rest.note}
          onChange={(note) => change('rest', { note })}
        />
      </Stack>
      <NotKept problem={problem} />
      <Foot onCancel={props.onCancel} save={t('addMedication.save')} />
    </form>
  )
}

/** What is given already, with what is being typed marked. */
function KnownOrders({ record, typed }: AboutPatient & { typed: readonly string[] }) {
  const { t } = useTranslation()
  const names = itemsOf(record, 'MedicationRequest')
    .map(({ resource }) => medicationLine(resource))
    .filter(({ status, doNotPerform }) => status === 'active' && !doNotPerform)
    .flatMap(({ drug }) => drug ?? [])
    .sort((a, b) => a.localeCompare(b))
  return (
    <Known title={t('addMedication.known')}>
      <p>
        {names.length === 0 && t('addMedication.knownNone')}
        {names.map((name, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same drug may stand there twice
          <span key={at}>
            {at > 0 && ', '}
            {typed.includes(name) ? <mark>{name}</mark> : withoutStrength(name)}
          </span>
        ))}
      </p>
    </Known>
  )
}

/** `Apixaban` for `Apixaban 2.5 mg film-coated tablet`: the whole line stands on the chart beside. */
function withoutStrength(name: string): string {
  return /^\D+/.exec(name)?.[0].trim() || name
}
