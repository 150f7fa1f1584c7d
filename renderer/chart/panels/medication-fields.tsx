import { Autocomplete, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { formatNumber } from '../../../domain/display/dose.ts'
import classes from '../side-panel.module.css'
import { beginsAnyWord } from './begins.ts'
import type {
  MedicationChecked,
  MedicationDoubt,
  MedicationField,
  MedicationProblem,
} from './check-medication.ts'
import { doseUnits } from './dose-limits.ts'
import { frequencies, frequencyNamed } from './frequencies.ts'
import type { MedicationDraft } from './medication-draft.ts'
import { Question, type useLeft, type Yes } from './parts.tsx'
import { routes } from './routes.ts'

type Dosage = MedicationDraft['dosage']

/** Dose, route, frequency, as needed, begin, instructions: the same to add and to change. */
export function DosageFields(props: {
  dosage: Dosage
  onChange: (part: Partial<Dosage>) => void
  checked: MedicationChecked
  tried: boolean
  left: ReturnType<typeof useLeft>
  /** A course of a certain length has no begin that could be typed. */
  withStart: boolean
}) {
  const { t } = useTranslation()
  const { dosage, onChange, left } = props
  const error = (field: MedicationField) => {
    const problem = props.checked.problems[field]
    if (!problem) return undefined
    const said = props.tried || (left.left.has(field) && problem.problem !== 'missing')
    return said ? medicationProblemText(t, field, problem) : undefined
  }
  return (
    <>
      <div className={classes.pair}>
        <TextInput
          label={t('medicationForm.dose')}
          value={dosage.amount}
          onChange={(event) => onChange({ amount: event.currentTarget.value })}
          error={error('amount')}
          inputMode="decimal"
          autoComplete="off"
          {...left.of('amount')}
        />
        <NativeSelect
          label={t('medicationForm.unit')}
          value={dosage.unit}
          data={withOwn(
            doseUnits.map(({ label }) => label),
            dosage.unit,
          )}
          onChange={(event) => onChange({ unit: event.currentTarget.value })}
          error={error('unit')}
        />
      </div>
      <div className={classes.pair}>
        <NativeSelect
          label={t('medicationForm.route')}
          value={dosage.route}
          data={[
            { value: '', label: t('medicationForm.choose') },
            ...withOwn(
              routes.map(({ label }) => label),
              dosage.route,
            ),
          ]}
          onChange={(event) => onChange({ route: event.currentTarget.value })}
          error={error('route')}
        />
        <Autocomplete
          label={t('medicationForm.frequency')}
          placeholder={t('medicationForm.frequencyHint')}
          data={frequencies.map(({ label }) => label)}
          filter={beginsAnyWord((label) => frequencies.find((one) => one.label === label)?.other ?? [])}
          value={dosage.frequency}
          onChange={(frequency) => onChange({ frequency })}
          error={error('frequency')}
          onBlur={() => {
            // `bd` becomes what everybody reads: twice daily.
            const named = frequencyNamed(dosage.frequency)
            if (named && named.label !== dosage.frequency) onChange({ frequency: named.label })
          }}
          openOnFocus={false}
          autoComplete="off"
          maxDropdownHeight={240}
        />
      </div>
      <div className={classes.pair}>
        <Checkbox
          mt={28}
          label={t('medicationForm.asNeeded')}
          checked={dosage.asNeeded}
          onChange={(event) => onChange({ asNeeded: event.currentTarget.checked })}
        />
        {props.withStart && (
          <TextInput
            label={t('medicationForm.start')}
            placeholder={t('recordVitals.dateHint')}
            value={dosage.start}
            onChange={(event) => onChange({ start: event.currentTarget.value })}
            error={error('start')}
            autoComplete="off"
            {...left.of('start')}
          />
        )}
      </div>
      {dosage.asNeeded && (
        <TextInput
          label={t('medicationForm.asNeededFor')}
          value={dosage.asNeededFor}
          onChange={(event) => onChange({ asNeededFor: event.currentTarget.value })}
          maxLength={200}
          autoComplete="off"
        />
      )}
      <Textarea
        label={t('medicationForm.text')}
        description={t('medicationForm.textHint')}
        value={dosage.text}
        onChange={(event) => onChange({ text: event.currentTarget.value })}
        autosize
        minRows={1}
        maxLength={1000}
      />
    </>
  )
}

/** What is rare in an order: asked about before it is saved. */
export function Doubts({ doubts, yes, tried }: { doubts: readonly string[]; yes: Yes; tried: boolean }) {
  const { t } = useTranslation()
  return (
    <Question
      title={t('panel.check')}
      lines={doubts}
      confirm={t('panel.sure')}
      yes={yes}
      tried={tried}
      missing={t('panel.sureMissing')}
    />
  )
}

/** The list, with a value of the order's own that is not on it. */
function withOwn(list: readonly string[], own: string): string[] {
  return list.includes(own) ? [...list] : [own, ...list]
}

export function medicationProblemText(
  t: TFunction,
  field: MedicationField,
  problem: MedicationProblem,
): string {
  switch (problem.problem) {
    case 'low':
    case 'high':
      return t(`medicationForm.problems.${problem.problem}`, {
        limit: `${formatNumber(problem.limit)} ${problem.unit}`,
      })
    case 'missing':
      return field === 'start' || field === 'amount' || field === 'reason'
        ? ''
        : t(`medicationForm.missing.${field}`)
    case 'reason':
      return t('panel.reasonMissing')
    case 'date':
    case 'beforeBirth':
      return t(`panel.date.${problem.problem}`)
    default:
      return t(`medicationForm.problems.${problem.problem}`)
  }
}

export function medicationDoubtText(
  t: TFunction,
  { dosage }: MedicationDraft,
  doubt: MedicationDoubt,
): string {
  const dose = `${dosage.amount.trim()} ${dosage.unit}`
  switch (doubt.doubt) {
    case 'single':
      return t('medicationForm.doubts.single', {
        dose,
        drug: doubt.drug,
        usual:
          doubt.low === doubt.high
            ? `${formatNumber(doubt.high)} ${doubt.unit}`
            : `${formatNumber(doubt.low)}–${formatNumber(doubt.high)} ${doubt.unit}`,
      })
    case 'day':
      return t('medicationForm.doubts.day', {
        drug: doubt.drug,
        total: `${formatNumber(doubt.total)} ${doubt.unit}`,
        most: `${formatNumber(doubt.most)} ${doubt.unit}`,
      })
    case 'weekly':
      return t('medicationForm.doubts.weekly', { drug: doubt.drug })
    case 'jump':
      return t('medicationForm.doubts.jump', { before: doubt.before, after: doubt.after })
    case 'text':
      return t('medicationForm.doubts.text', { text: doubt.text })
    case 'unusual':
      return t('medicationForm.doubts.unusual', { dose })
    default:
      return t(`medicationForm.doubts.${doubt.doubt}`)
  }
}
