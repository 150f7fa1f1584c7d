import { Autocomplete, NativeSelect, Stack, TextInput } from '@mantine/core'
import type { TFunction } from 'i18next'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { conceptText } from '../../../domain/display/concept.ts'
import { resourceOf } from '../../../domain/fhir/present.ts'
import { conditionClinicals, conditionVerifications } from '../../../domain/fhir/value-sets.ts'
import { entryOf } from '../author.ts'
import { NotKept } from '../not-kept.tsx'
import { type Item, itemsOf } from '../record.ts'
import classes from '../side-panel.module.css'
import { useAuthor } from '../use-author.ts'
import { useKeep } from '../use-keep.ts'
import { showWhatIsWrong } from '../what-is-wrong.ts'
import { beginsAnyWord } from './begins.ts'
import { changeOf } from './change.ts'
import { ChangeFrame, EnterAnew, ReasonField } from './change-frame.tsx'
import type { AddProps, ChangeProps } from './panel.ts'
import { Choices, Foot, Known, NoteField, Question, useLeft, useYes } from './parts.tsx'
import {
  changedProblem,
  checkProblem,
  emptyProblem,
  isOver,
  isVoid,
  newProblem,
  type ProblemDraft,
  type ProblemField,
  problemNamed,
  problemsKnown,
  readProblem,
} from './problem-draft.ts'
import { problemTerms } from './problem-terms.ts'
import { touchedParts } from './rebase.ts'
import { useChangeForm } from './use-change.ts'

/** The form of a new problem. */
export function AddProblem(props: AddProps<ProblemDraft>) {
  const { t } = useTranslation()
  const { keep, problem } = useKeep(props.patientId, props.onKept)
  const author = useAuthor()
  const [draft, setDraft] = useState(props.filled ?? emptyProblem)
  const [tried, setTried] = useState(false)
  const left = useLeft()
  const form = useRef<HTMLFormElement>(null)

  const items = itemsOf(props.record, 'Condition').map(({ resource }) => resource)
  const known = problemsKnown(draft.rest.problem, items)
  const sure = useYes(known)
  const problems = checkProblem(draft, props)
  const change = <P extends keyof ProblemDraft>(part: P, value: Partial<ProblemDraft[P]>) => {
    const next = { ...draft, [part]: { ...draft[part], ...value } }
    setDraft(next)
    props.onDirty(props.filled !== undefined || touchedParts(next, emptyProblem).length > 0)
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(problems).length > 0 || (known.length > 0 && !sure.said))
      return showWhatIsWrong(form.current)
    void keep(() => {
      const stated = author()
      const resource = newProblem(draft, props.patientId, props.today, stated)
      const about = t('problems.about', { problem: conceptText(resource['code']) ?? '' })
      return [{ entry: entryOf(resource, props.patientId, props.record, stated), about }]
    })
  }
  const coded = problemNamed(draft.rest.problem)
  const names = items
    .map(readProblem)
    .filter(({ status }) => !isVoid(status.verification) && !isOver(status.clinical))
    .map(({ rest }) => rest.problem)

  return (
    <form ref={form} onSubmit={save} noValidate aria-label={t('addProblem.title')}>
      <Known title={t('addProblem.known')}>
        <p>
          {names.length === 0 && t('addProblem.knownNone')}
          {names.map((name, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same problem may stand there twice
            <span key={at}>
              {at > 0 && ', '}
              {known.includes(name) ? <mark>{name}</mark> : name}
            </span>
          ))}
        </p>
      </Known>
      <Stack gap="md">
        <Autocomplete
          label={t('addProblem.problem')}
          description={
            coded
              ? t('addAllergy.coded', { code: coded.code })
              : t(draft.rest.problem.trim() ? 'panel.freeText' : 'addProblem.problemHint')
          }
          data={problemTerms.map(({ display }) => display)}
          filter={beginsAnyWord((label) => problemTerms.find((p) => p.display === label)?.other ?? [])}
          value={draft.rest.problem}
          onChange={(value) => change('rest', { problem: value })}
          error={tried && problems.problem && t('addProblem.missing')}
          limit={12}
          maxDropdownHeight={260}
          maxLength={300}
          openOnFocus={false}
          autoComplete="off"
          data-autofocus
        />
        {known.length > 0 && (
          <Question
            title={t('addProblem.duplicate', { problem: known[0] ?? '' })}
            lines={[t('addProblem.duplicateText')]}
            confirm={t('addAllergy.duplicateConfirm')}
            yes={sure}
            tried={tried}
            missing={t('addAllergy.duplicateMissing')}
          />
        )}
        <StatusFields
          draft={draft}
          problems={problems}
          tried={tried}
          left={left}
          change={change}
          all={false}
        />
        <NoteField
          label={t('panel.note')}
          value={draft.rest.note}
          onChange={(note) => change('rest', { note })}
          minRows={2}
        />
      </Stack>
      <NotKept problem={problem} />
      <Foot onCancel={props.onCancel} save={t('addProblem.save')} />
    </form>
  )
}

/** The form that changes a problem: resolved, in remission, come back, refuted, entered in error. */
export function ChangeProblem(props: ChangeProps<ProblemDraft> & { item: Item }) {
  const { t } = useTranslation()
  const { item } = props
  const form = useChangeForm(item.state, (state) => readProblem(resourceOf(state)), props.refused)
  const { draft, base } = form
  const [anew, setAnew] = useState(false)
  const voided = isVoid(draft.status.verification) && !isVoid(base.status.verification)
  const inError = voided && draft.status.verification === 'entered-in-error'
  const onKept = () =>
    inError && anew
      ? props.onAnew({ status: emptyProblem.status, rest: { ...base.rest, note: '' } })
      : props.onKept()
  const { keep, problem } = useKeep(props.patientId, onKept)
  const author = useAuthor()
  const [tried, setTried] = useState(false)
  const left = useLeft()
  const element = useRef<HTMLFormElement>(null)
  const problems = checkProblem(draft, { ...props, before: base })
  const now = readProblem(item.resource)
  const statusNow = problemStatusWords(t, now)

  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    const stated = author()
    const aspects = changedProblem(draft, base, item.state, props.today, stated)
    if (Object.keys(problems).length > 0 || form.news.length > 0 || Object.keys(aspects).length === 0)
      return showWhatIsWrong(element.current)
    void keep(() => {
      const reason = voided ? draft.status.reason : undefined
      const entry = changeOf(item.state, aspects, props.record, stated, reason)
      return [{ entry, about: t('problems.aboutChange', { problem: now.rest.problem }) }]
    })
  }

  return (
    <ChangeFrame
      {...props}
      title={t('changeProblem.title')}
      name={now.rest.problem || t('problems.unnamed')}
      now={[statusNow]}
      form={form}
      say={(part) => (part === 'status' ? t('meanwhile.status', { now: statusNow }) : t('meanwhile.other'))}
      tried={tried}
      element={element}
      onSave={save}
      notKept={problem}
    >
      <StatusFields
        draft={draft}
        problems={problems}
        tried={tried}
        left={left}
        change={(part, value) => form.change(part, value)}
        all
      />
      {voided && (
        <ReasonField
          label={t('panel.reason')}
          value={draft.status.reason}
          onChange={(reason) => form.change('status', { reason })}
          error={tried && problems.reason && t('panel.reasonMissing')}
        />
      )}
      {inError && <EnterAnew checked={anew} onChange={setAnew} />}
      <NoteField
        label={t('panel.addNote')}
        value={draft.rest.note}
        onChange={(note) => form.change('rest', { note })}
      />
    </ChangeFrame>
  )
}

function StatusFields(props: {
  draft: ProblemDraft
  problems: ReturnType<typeof checkProblem>
  tried: boolean
  left: ReturnType<typeof useLeft>
  change: <P extends keyof ProblemDraft>(part: P, value: Partial<ProblemDraft[P]>) => void
  /** To change: everything can be said. To add: nothing is added that does not hold. */
  all: boolean
}) {
  const { t } = useTranslation()
  const { draft, problems, tried, left, change, all } = props
  const { status, rest } = draft
  const error = (field: ProblemField) => {
    const problem = problems[field]
    if (!problem || problem === 'missing' || problem === 'reason') return undefined
    return (tried || left.left.has(field)) && t(`panel.date.${problem}`)
  }
  const shownVerifications = conditionVerifications.filter((code) => all || !isVoid(code))
  return (
    <>
      {!isVoid(status.verification) && (
        <Choices
          label={t('problemForm.clinical')}
          value={status.clinical}
          options={conditionClinicals.map((value) => ({ value, label: t(`problems.clinical.${value}`) }))}
          onChange={(clinical) => change('status', { clinical, until: isOver(clinical) ? status.until : '' })}
          autofocus={all}
        />
      )}
      <NativeSelect
        label={t('addAllergy.verification')}
        value={status.verification}
        data={[
          ...(status.verification === '' ? [{ value: '', label: t('panel.notSaid') }] : []),
          ...shownVerifications.map((value) => ({ value, label: t(`problems.verification.${value}`) })),
        ]}
        onChange={(event) => change('status', { verification: event.currentTarget.value })}
      />
      <div className={classes.pair}>
        <TextInput
          label={t('problemForm.onset')}
          placeholder={t('problemForm.dateHint')}
          value={rest.onset}
          onChange={(event) => change('rest', { onset: event.currentTarget.value })}
          error={error('onset')}
          autoComplete="off"
          {...left.of('onset')}
        />
        {isOver(status.clinical) && !isVoid(status.verification) && (
          <TextInput
            label={t('problemForm.until')}
            placeholder={t('problemForm.dateHint')}
            value={status.until}
            onChange={(event) => change('status', { until: event.currentTarget.value })}
            error={error('until')}
            autoComplete="off"
            {...left.of('until')}
          />
        )}
      </div>
    </>
  )
}

function problemStatusWords(t: TFunction, { status }: ProblemDraft): string {
  const clinical = conditionClinicals.find((code) => code === status.clinical)
  const verification = conditionVerifications.find((code) => code === status.verification)
  const words = [
    clinical && t(`problems.clinical.${clinical}`),
    verification && t(`problems.verification.${verification}`),
    status.until && t('problems.until', { when: status.until }),
  ]
  return words.filter(Boolean).join(', ') || t('app.notRecorded')
}
