import { Text } from '@mantine/core'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useWork } from '../../session/use-work.tsx'
import { AddAllergy } from '../add-allergy.tsx'
import type { Reading } from '../measures.ts'
import { type Item, itemsOf } from '../record.ts'
import { RecordVitals } from '../record-vitals.tsx'
import { type Leaving, type PanelForm, SidePanel } from '../side-panel.tsx'
import { AddMedication } from './add-medication.tsx'
import { canBeChanged } from './change.ts'
import { ChangeAllergy } from './change-allergy.tsx'
import { ChangeMedication } from './change-medication.tsx'
import { CorrectVitals } from './correct-vitals.tsx'
import type { AboutPatient, Panel } from './panel.ts'
import { Foot } from './parts.tsx'
import { AddProblem, ChangeProblem } from './problem-panels.tsx'

type Props = AboutPatient & {
  panel: Panel
  /** The latest readings, for comparison. */
  readings: readonly Reading[]
  onClose: () => void
  /** Opens another one in its place. */
  onNext: (panel: Panel) => void
} & Leaving

/** The panel that is open beside a chart. */
export function OpenPanel(props: Props) {
  const { t } = useTranslation()
  const titles = {
    addAllergy: t('addAllergy.title'),
    addMedication: t('addMedication.title'),
    addProblem: t('addProblem.title'),
    vitals: t('recordVitals.title'),
    correctVitals: t('correctVitals.title'),
    changeAllergy: t('changeAllergy.title'),
    changeMedication: t('changeMedication.title'),
    changeProblem: t('changeProblem.title'),
    noForm: t('noForm.title'),
  }
  return (
    <SidePanel
      opened
      onClose={props.onClose}
      title={titles[props.panel.what]}
      leaving={props.leaving}
      onStay={props.onStay}
    >
      {(form) => <PanelForms {...props} {...form} />}
    </SidePanel>
  )
}

const typeOf = {
  changeAllergy: 'AllergyIntolerance',
  changeMedication: 'MedicationRequest',
  changeProblem: 'Condition',
} as const

function PanelForms(props: Props & PanelForm) {
  const { t } = useTranslation()
  const { changes } = useWork()
  const { panel, record, onNext } = props
  // The new change is kept by now: only then the one in whose place it comes may go.
  const replaceRefused = () => {
    if (panel.edits !== undefined) changes.dismiss(panel.edits)
  }
  const onKept = () => {
    replaceRefused()
    props.onClose()
  }
  const next = (one: Panel) => {
    replaceRefused()
    props.onDirty(false)
    onNext(one)
  }
  const item = useLastItem(
    'subject' in panel
      ? itemsOf(record, typeOf[panel.what]).find(({ subject }) => subject === panel.subject)
      : undefined,
  )
  if ('subject' in panel) {
    if (!item) return <Said text={t('noForm.gone')} onCancel={props.onCancel} />
    if (!canBeChanged(item.state)) return <Said text={t('noForm.newer')} onCancel={props.onCancel} />
  }
  const form = { ...props, onKept }
  switch (panel.what) {
    case 'addAllergy':
      return <AddAllergy {...form} filled={panel.filled} />
    case 'addMedication':
      return <AddMedication {...form} filled={panel.filled} />
    case 'addProblem':
      return <AddProblem {...form} filled={panel.filled} />
    case 'vitals':
      return <RecordVitals {...form} filled={panel.filled} />
    case 'correctVitals': {
      const readings = props.readings.filter(({ item: { subject } }) => panel.subjects.includes(subject))
      return readings.length > 0 ? (
        <CorrectVitals
          {...form}
          readings={readings}
          refused={panel.refused}
          onAnew={(filled) => next({ what: 'vitals', filled })}
        />
      ) : (
        <Said text={t('noForm.gone')} onCancel={props.onCancel} />
      )
    }
    case 'changeAllergy':
      return item ? (
        <ChangeAllergy
          {...form}
          item={item}
          refused={panel.refused}
          onAnew={(filled) => next({ what: 'addAllergy', filled })}
        />
      ) : null
    case 'changeMedication':
      return item ? (
        <ChangeMedication
          {...form}
          item={item}
          refused={panel.refused}
          onAnew={(filled) => next({ what: 'addMedication', filled })}
        />
      ) : null
    case 'changeProblem':
      return item ? (
        <ChangeProblem
          {...form}
          item={item}
          refused={panel.refused}
          onAnew={(filled) => next({ what: 'addProblem', filled })}
        />
      ) : null
    case 'noForm':
      return <Said text={t(`noForm.${panel.why}`)} onCancel={props.onCancel} />
  }
}

/** What is no longer on the chart (a change of one's own that was refused) stays in the form that is open. */
function useLastItem(item: Item | undefined): Item | undefined {
  const last = useRef(item)
  if (item) last.current = item
  return last.current
}

function Said({ text, onCancel }: { text: string; onCancel: () => void }) {
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onCancel()
      }}
    >
      <Text fz="sm" role="status">
        {text}
      </Text>
      <Foot onCancel={onCancel} />
    </form>
  )
}
