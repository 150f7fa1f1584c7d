import { Checkbox, Input, Stack } from '@mantine/core'
import type { TFunction } from 'i18next'
import { type FormEvent, useContext, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { asObjects, asText } from '../../../domain/fhir/resource.ts'
import { type Reading, unitOf } from '../measures.ts'
import { ErrorLine, Provenance } from '../provenance.tsx'
import classes from '../side-panel.module.css'
import { useAuthor } from '../use-author.ts'
import { useKeep } from '../use-keep.ts'
import { ChartZone, useWhen } from '../use-when.tsx'
import type { VitalsTyped } from '../vitals-form.ts'
import { showWhatIsWrong } from '../what-is-wrong.ts'
import { ChangeFrame, EnterAnew, ReasonField } from './change-frame.tsx'
import type { ChangeProps } from './panel.ts'
import { useCorrection } from './use-correction.ts'
import {
  type CorrectionDraft,
  canBeStruck,
  strikeReadings,
  typedAgain,
  wrongOf,
} from './vitals-correction.ts'

/** The form that marks readings of one moment as entered in error, with the reason; a blood pressure is one. */
export function CorrectVitals(
  props: ChangeProps<CorrectionDraft, VitalsTyped> & {
    /** At least one, of one moment. */
    readings: readonly Reading[]
  },
) {
  const { t } = useTranslation()
  const when = useWhen()
  const timeZone = useContext(ChartZone)
  const { readings } = props
  const form = useCorrection(readings, props.refused)
  const { draft } = form
  const wrong = wrongOf(draft, readings)
  const [anew, setAnew] = useState(false)
  const { keep, problem } = useKeep(props.patientId, () =>
    anew ? props.onAnew(typedAgain(wrong, timeZone)) : props.onKept(),
  )
  const author = useAuthor()
  const [tried, setTried] = useState(false)
  const element = useRef<HTMLFormElement>(null)
  const noReason = draft.why.reason.trim() === ''

  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (wrong.length === 0 || noReason || form.news.length > 0) return showWhatIsWrong(element.current)
    void keep(() =>
      strikeReadings(wrong, draft.why.reason, props.record, author()).map(({ reading, entry }) => ({
        entry,
        about: t('correctVitals.about', { reading: saidOf(t, reading) }),
      })),
    )
  }
  const tick = (subject: string, ticked: boolean) => {
    const others = draft.wrong.subjects.filter((one) => one !== subject)
    form.change('wrong', { subjects: ticked ? [...others, subject] : others })
  }
  const say = (part: string) => {
    const reading = readings.find(({ item }) => item.subject === part)
    if (!reading) return t('meanwhile.other')
    return t(reading.status === 'entered-in-error' ? 'correctVitals.nowInError' : 'correctVitals.now', {
      reading: saidOf(t, reading),
    })
  }

  return (
    <ChangeFrame
      {...props}
      title={t('correctVitals.title')}
      name={t('correctVitals.of', { when: when(readings[0]?.at ?? '') })}
      now={[]}
      form={form}
      say={say}
      tried={tried}
      element={element}
      onSave={save}
      notKept={problem}
    >
      <Input.Wrapper
        label={t('correctVitals.which')}
        labelElement="div"
        error={tried && form.touched.length > 0 && wrong.length === 0 && t('correctVitals.whichMissing')}
      >
        <Stack gap="xs" mt={4} role="group" aria-label={t('correctVitals.which')}>
          {readings.map((reading, at) => (
            <Line
              key={reading.item.subject}
              reading={reading}
              ticked={wrong.includes(reading)}
              onTick={(ticked) => tick(reading.item.subject, ticked)}
              autofocus={at === readings.findIndex(canBeStruck)}
            />
          ))}
        </Stack>
      </Input.Wrapper>
      <ReasonField
        label={t('panel.reason')}
        value={draft.why.reason}
        onChange={(reason) => form.change('why', { reason })}
        error={tried && wrong.length > 0 && noReason && t('panel.reasonMissing')}
      />
      <EnterAnew checked={anew} onChange={setAnew} />
    </ChangeFrame>
  )
}

/** One reading with who recorded it and when; what is marked already stands there struck through. */
function Line(props: {
  reading: Reading
  ticked: boolean
  onTick: (ticked: boolean) => void
  autofocus: boolean
}) {
  const { t } = useTranslation()
  const { reading } = props
  const { item } = reading
  const said = saidOf(t, reading)
  if (reading.status === 'entered-in-error')
    return (
      <div>
        <s className={classes.quiet}>{said}</s>
        <ErrorLine item={item} aspect="status" />
      </div>
    )
  const [performer] = asObjects(item.resource['performer'])
  const strikable = canBeStruck(reading)
  return (
    <div>
      <Checkbox
        label={said}
        checked={props.ticked}
        disabled={!strikable}
        onChange={(event) => props.onTick(event.currentTarget.checked)}
        {...(props.autofocus ? { 'data-autofocus': true } : {})}
      />
      <div className={classes.beneath}>
        <Provenance item={item} who={asText(performer?.['display'])} when={asText(item.resource['issued'])} />
        {!strikable && t('noForm.newer')}
      </div>
    </div>
  )
}

/** `Blood pressure 128/76 mmHg`; the unit is in the text itself where the value is no plain number. */
function saidOf(t: TFunction, { measure, value, text }: Reading): string {
  const shown = text ?? t('vitals.noValue')
  return t('vitals.about', {
    what: t(`vitals.measures.${measure}`),
    value: value === undefined ? shown : `${shown} ${unitOf[measure]}`,
  })
}
