import { Button, Stack, Text, TextInput } from '@mantine/core'
import type { TFunction } from 'i18next'
import { type FormEvent, useContext, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDate, formatTime, zoneName } from '../../domain/display/dates.ts'
import { observationValue } from '../../domain/display/observation-value.ts'
import type { Entry } from '../../domain/entries/entry.ts'
import { asObject } from '../../domain/fhir/resource.ts'
import { useReach } from '../session/use-work.tsx'
import { wrongClock } from '../sync/round-trip.ts'
import { authorVitals } from './author.ts'
import { type Measure, type Reading, unitOf } from './measures.ts'
import { NotKept } from './not-kept.tsx'
import { Foot, Question } from './panels/parts.tsx'
import type { PatientRecord } from './record.ts'
import classes from './side-panel.module.css'
import type { PanelForm } from './side-panel.tsx'
import { useAuthor } from './use-author.ts'
import { useKeep } from './use-keep.ts'
import { useMinute } from './use-minute.ts'
import { ChartZone, useWhenShort } from './use-when.tsx'
import {
  checkVitals,
  decimalsOf,
  type FieldProblem,
  noVitals,
  type VitalField,
  type VitalsTyped,
  vitalFields,
} from './vitals-form.ts'
import { showWhatIsWrong } from './what-is-wrong.ts'
import { zonedDateTime } from './zoned-time.ts'

type Props = {
  patientId: string
  record: PatientRecord
  /** The latest readings, for comparison. */
  readings: readonly Reading[]
  adult: boolean
  born: string | undefined
  /** What it begins with, of a change that was not accepted. */
  filled: VitalsTyped | undefined
  onKept: () => void
}

/** The form that records vital signs: one or more of them, at a time that is named with its zone. */
export function RecordVitals(props: Props & PanelForm) {
  const { t } = useTranslation()
  const { keep, problem: notKept } = useKeep(props.patientId, props.onKept)
  const author = useAuthor()
  const timeZone = useContext(ChartZone)
  const off = wrongClock(useReach())
  // The region's time where this device's clock is wrong.
  const nowMs = () => Date.now() - (off ?? 0)
  const now = () => zonedDateTime(nowMs(), timeZone)
  const [typed, setTyped] = useState<VitalsTyped>(
    () => props.filled ?? { ...noVitals, ...(off === undefined ? momentOf(now()) : {}) },
  )
  const [tried, setTried] = useState(false)
  const [confirmed, setConfirmed] = useState(false)
  const form = useRef<HTMLFormElement>(null)

  const checked = checkVitals(typed, { timeZone, now: nowMs(), adult: props.adult, born: props.born })
  const doubtful = checked.unusual.length > 0 || checked.late
  const change = (part: Partial<VitalsTyped>) => {
    const next = { ...typed, ...part }
    setTyped(next)
    setConfirmed(false)
    props.onDirty(props.filled !== undefined || vitalFields.some((field) => next[field] !== ''))
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (!checked.draft || (doubtful && !confirmed)) return showWhatIsWrong(form.current)
    const { draft } = checked
    void keep(() =>
      authorVitals(draft, props.patientId, props.record, author()).map(({ entry, measure }) => ({
        entry,
        about: t('vitals.about', { what: t(`vitals.measures.${measure}`), value: saidOf(entry, measure) }),
      })),
    )
  }
  const error = (field: VitalField | 'date' | 'time') => {
    const problem = checked.problems[field]
    // What cannot be is said while typing once a field is left; what is missing only when somebody saves.
    if (!problem || (!tried && (problem.problem === 'pair' || typed[field] === ''))) return undefined
    return problemText(t, field, problem)
  }

  const field = (name: VitalField, measure: Measure, label: string, extra?: { autofocus: boolean }) => (
    <ValueField
      label={label}
      unit={unitOf[measure]}
      value={typed[name]}
      onChange={(value) => change({ [name]: value })}
      error={error(name)}
      eager={tried}
      {...extra}
    />
  )

  return (
    <form ref={form} onSubmit={save} noValidate aria-label={t('recordVitals.title')}>
      <Stack gap="sm">
        <Text fz="sm" c="dimmed">
          {t('recordVitals.hint')}
        </Text>
        <div>
          <div className={classes.pair}>
            {field(
              'systolic',
              'bloodPressure',
              `${t('vitals.short.bloodPressure')} ${t('recordVitals.systolic').toLowerCase()}`,
              { autofocus: true },
            )}
            <span className={classes.slash} aria-hidden>
              /
            </span>
            {field(
              'diastolic',
              'bloodPressure',
              `${t('vitals.short.bloodPressure')} ${t('recordVitals.diastolic').toLowerCase()}`,
            )}
          </div>
          <Last measure="bloodPressure" readings={props.readings} />
        </div>
        <div className={classes.grid}>
          {(['heartRate', 'oxygenSaturation', 'temperature', 'respiratoryRate', 'weight'] as const).map(
            (measure) => (
              <div key={measure}>
                {field(measure, measure, t(`vitals.measures.${measure}`))}
                <Last measure={measure} readings={props.readings} />
              </div>
            ),
          )}
        </div>
        <div>
          <div className={classes.pair}>
            <TextInput
              label={t('recordVitals.date')}
              value={typed.date}
              onChange={(event) => change({ date: event.currentTarget.value })}
              error={error('date')}
              autoComplete="off"
            />
            <TextInput
              label={t('recordVitals.time')}
              value={typed.time}
              onChange={(event) => change({ time: event.currentTarget.value })}
              error={error('time')}
              autoComplete="off"
            />
            <Button
              variant="default"
              mt={21}
              style={{ flex: 'none' }}
              onClick={() => change(momentOf(now()))}
            >
              {t('recordVitals.now')}
            </Button>
          </div>
          <Text fz="xs" c="dimmed" mt={4}>
            {t('recordVitals.timeZone', { zone: `${timeZone} (${zoneName(now(), timeZone)})` })}
          </Text>
        </div>
        {doubtful && checked.draft && (
          <Question
            title={t('recordVitals.unusual.title')}
            lines={[
              ...checked.unusual.map((name) =>
                t('recordVitals.unusual.one', {
                  measure: nameOf(t, name),
                  value: `${typed[name]} ${unitOf[measureOf(name)]}`,
                }),
              ),
              ...(checked.late ? [t('recordVitals.unusual.late')] : []),
            ]}
            confirm={t('recordVitals.unusual.confirm')}
            yes={{ said: confirmed, say: setConfirmed }}
            tried={tried}
            missing={t('recordVitals.unusual.missing')}
          />
        )}
        {tried && checked.empty && (
          <Text c="var(--critical)" fz="sm" role="alert">
            {t('recordVitals.nothing')}
          </Text>
        )}
      </Stack>
      <NotKept problem={notKept} />
      <Foot onCancel={props.onCancel} save={t('recordVitals.save')} />
    </form>
  )
}

/** The value as it is read, to name a change by: `128/76 mmHg`. */
function saidOf({ aspects }: Entry, measure: Measure): string {
  const { value } = aspects
  const said = observationValue({ ...asObject(value), resourceType: 'Observation' })
  return said ?? unitOf[measure]
}

/** A number with its unit beside it. What is wrong is told when the field is left, or at once after a try to save. */
function ValueField(props: {
  label: string
  unit: string
  value: string
  onChange: (value: string) => void
  error: string | undefined
  eager: boolean
  autofocus?: boolean
}) {
  const [left, setLeft] = useState(false)
  return (
    <TextInput
      label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
      onBlur={() => setLeft(true)}
      onFocus={() => setLeft(false)}
      error={(left || props.eager) && props.error}
      rightSection={<span style={{ color: 'var(--quiet)', fontSize: '0.8125rem' }}>{props.unit}</span>}
      rightSectionWidth={56}
      rightSectionPointerEvents="none"
      inputMode="decimal"
      autoComplete="off"
      {...(props.autofocus ? { 'data-autofocus': true } : {})}
    />
  )
}

function Last({ measure, readings }: { measure: Measure; readings: readonly Reading[] }) {
  const { t } = useTranslation()
  const when = useWhenShort()
  const now = useMinute()
  const last = readings.find((r) => r.measure === measure && !r.struck && r.text !== undefined)
  if (!last) return null
  return (
    <Text fz="xs" c="dimmed" mt={3}>
      {t('recordVitals.lastValue', { value: `${last.text} ${unitOf[measure]}`, when: when(last.at, now) })}
    </Text>
  )
}

function problemText(t: TFunction, field: VitalField | 'date' | 'time', problem: FieldProblem): string {
  switch (problem.problem) {
    case 'low':
    case 'high': {
      if (field === 'date' || field === 'time') return ''
      const bound = { limit: problem.limit, unit: unitOf[measureOf(field)] }
      return problem.problem === 'low'
        ? t('recordVitals.problems.low', bound)
        : t('recordVitals.problems.high', bound)
    }
    case 'decimals':
      return problem.count === 0
        ? t('recordVitals.problems.decimalsNone')
        : t('recordVitals.problems.decimals', { count: problem.count })
    case 'number':
      return t('recordVitals.problems.number', {
        example: field !== 'date' && field !== 'time' && decimalsOf(field) > 0 ? '37.2' : '80',
      })
    default:
      return t(`recordVitals.problems.${problem.problem}`)
  }
}

function measureOf(field: VitalField): Measure {
  return field === 'systolic' || field === 'diastolic' ? 'bloodPressure' : field
}

function nameOf(t: TFunction, field: VitalField): string {
  return field === 'systolic' || field === 'diastolic'
    ? t(`recordVitals.${field}`)
    : t(`vitals.measures.${field}`)
}

function momentOf(dateTime: string): { date: string; time: string } {
  return { date: formatDate(dateTime), time: formatTime(dateTime) ?? '' }
}
