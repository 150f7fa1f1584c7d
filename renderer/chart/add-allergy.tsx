import { Autocomplete, Checkbox, Input, SegmentedControl, Stack } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { allergyLabel, allergySummary } from '../../domain/display/allergies.ts'
import { criticalities, severities } from '../../domain/fhir/value-sets.ts'
import { byDanger } from './allergy-order.ts'
import { type AllergyDraft, authorAllergy } from './author.ts'
import { reactions, substances } from './coded-terms.ts'
import { knownAlready, substanceNamed } from './duplicate-allergy.ts'
import { NotKept } from './not-kept.tsx'
import { beginsAnyWord } from './panels/begins.ts'
import { Choice, Foot, Known, NoteField } from './panels/parts.tsx'
import { itemsOf, type PatientRecord } from './record.ts'
import classes from './side-panel.module.css'
import type { PanelForm } from './side-panel.tsx'
import { useAuthor } from './use-author.ts'
import { useKeep } from './use-keep.ts'
import { showWhatIsWrong } from './what-is-wrong.ts'

type Props = {
  patientId: string
  record: PatientRecord
  /** What it begins with: of a change that was not accepted, or of an entry that was wrong. */
  filled: AllergyDraft | undefined
  onKept: () => void
}

const empty: AllergyDraft = {
  substance: '',
  none: false,
  reaction: '',
  severity: undefined,
  criticality: undefined,
  verification: 'unconfirmed',
  note: '',
}

/** The form that adds an allergy, or states that there is none. What is known already stands above while one types. */
export function AddAllergy(props: Props & PanelForm) {
  const { t } = useTranslation()
  const { keep, problem } = useKeep(props.patientId, props.onKept)
  const author = useAuthor()
  const [draft, setDraft] = useState(props.filled ?? empty)
  const [repeated, setRepeated] = useState(false)
  const [tried, setTried] = useState(false)
  const form = useRef<HTMLFormElement>(null)

  const allergies = itemsOf(props.record, 'AllergyIntolerance').map(({ resource }) => resource)
  const duplicates = knownAlready(draft.substance, allergies)
  const same = duplicates.find((known) => known.same)
  const why = whyNotNone(props.record)
  const problems = draft.none
    ? { none: why && t(`noAllergies.${why}`) }
    : {
        substance: draft.substance.trim() === '' ? t('addAllergy.substanceMissing') : undefined,
        repeated: same && !repeated ? t('addAllergy.duplicateMissing') : undefined,
        severity:
          draft.severity && draft.reaction.trim() === '' ? t('addAllergy.severityNeedsReaction') : undefined,
      }
  const change = (part: Partial<AllergyDraft>) => {
    const next = { ...draft, ...part }
    setDraft(next)
    if ('substance' in part) setRepeated(false)
    const typed = Object.entries(empty).some(([key, value]) => next[key as keyof AllergyDraft] !== value)
    props.onDirty(props.filled !== undefined || typed)
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (Object.values(problems).some((problem) => problem !== undefined)) return showWhatIsWrong(form.current)
    void keep(() => {
      const entry = authorAllergy(draft, props.patientId, props.record, author())
      const about = draft.none
        ? t('allergies.none')
        : t('allergies.about', { substance: draft.substance.trim() })
      return [{ entry, about }]
    })
  }
  const coded = substanceNamed(draft.substance)
  // Where it can be stated it comes first; else it says at the end why it cannot.
  const none = draft.substance.trim() === '' && (
    <Checkbox
      label={t('noAllergies.label')}
      description={t(why ? `noAllergies.${why}` : 'noAllergies.hint')}
      disabled={why !== undefined && !draft.none}
      checked={draft.none}
      onChange={(event) => change({ none: event.currentTarget.checked })}
      error={tried && problems.none}
    />
  )

  return (
    <form ref={form} onSubmit={save} noValidate aria-label={t('addAllergy.title')}>
      <KnownAllergies record={props.record} same={duplicates.map(({ substance }) => substance)} />
      <Stack gap="md">
        {why === undefined && none}
        {!draft.none && (
          <>
            <Autocomplete
              label={t('addAllergy.substance')}
              description={
                coded
                  ? t('addAllergy.coded', { code: coded.code })
                  : t(draft.substance.trim() ? 'panel.freeText' : 'addAllergy.substanceHint')
              }
              required
              withAsterisk={false}
              data={substanceGroups((category) => t(`addAllergy.categories.${category}`))}
              filter={beginsAnyWord((label) => substances.find((s) => s.display === label)?.other ?? [])}
              value={draft.substance}
              onChange={(substance) => change({ substance })}
              error={tried && problems.substance}
              limit={12}
              maxDropdownHeight={280}
              comboboxProps={{ withinPortal: true }}
              autoComplete="off"
              openOnFocus={false}
              data-autofocus
            />
            {duplicates.length > 0 && (
              <div className={classes.warning} role="alert">
                <strong>
                  <IconAlertTriangle size={16} aria-hidden />
                  {same
                    ? t('addAllergy.duplicate', { substance: same.substance })
                    : t('addAllergy.duplicateRelated', { known: duplicates[0]?.substance ?? '' })}
                </strong>
                {same && (
                  <>
                    <p>{t('addAllergy.duplicateText')}</p>
                    <Checkbox
                      mt={8}
                      label={t('addAllergy.duplicateConfirm')}
                      checked={repeated}
                      onChange={(event) => setRepeated(event.currentTarget.checked)}
                      error={tried && problems.repeated}
                    />
                  </>
                )}
              </div>
            )}
            <Autocomplete
              label={t('addAllergy.reaction')}
              description={t('addAllergy.reactionHint')}
              data={reactions.map(({ display }) => display)}
              value={draft.reaction}
              onChange={(reaction) => change({ reaction })}
              maxDropdownHeight={240}
              openOnFocus={false}
              autoComplete="off"
            />
            <Choice
              label={t('addAllergy.severity')}
              value={draft.severity}
              options={severities.map((value) => ({
                value,
                label: t(`allergies.severityShort.${value}`),
              }))}
              onChange={(severity) => change({ severity })}
              error={tried ? problems.severity : undefined}
            />
            <Choice
              label={t('addAllergy.criticality')}
              description={t('addAllergy.criticalityHint')}
              value={draft.criticality}
              options={criticalities.map((value) => ({
                value,
                label: t(`allergies.criticalityShort.${value}`),
              }))}
              onChange={(criticality) => change({ criticality })}
            />
            <Input.Wrapper label={t('addAllergy.verification')} labelElement="div">
              <SegmentedControl
                fullWidth
                aria-label={t('addAllergy.verification')}
                data={(['unconfirmed', 'confirmed'] as const).map((value) => ({
                  value,
                  label: t(`allergies.verification.${value}`),
                }))}
                value={draft.verification}
                onChange={(verification) => change({ verification })}
              />
            </Input.Wrapper>
          </>
        )}
        <NoteField
          label={t('addAllergy.note')}
          value={draft.note}
          onChange={(note) => change({ note })}
          minRows={2}
        />
        {why !== undefined && none}
      </Stack>
      <NotKept problem={problem} />
      <Foot onCancel={props.onCancel} save={t(draft.none ? 'noAllergies.save' : 'addAllergy.save')} />
    </form>
  )
}

/** What the chart says already, with what is being typed marked. */
function KnownAllergies({ record, same }: { record: PatientRecord; same: readonly string[] }) {
  const { t } = useTranslation()
  const known = itemsOf(record, 'AllergyIntolerance')
    .map((item) => ({ item, ...allergySummary(item.resource) }))
    .filter(({ negation }) => !negation)
    .sort(byDanger)
  return (
    <Known title={t('addAllergy.known')}>
      <p>
        {known.length === 0 && t('addAllergy.knownNone')}
        {known.map(({ item, substance, struck }, at) => (
          <span key={item.subject}>
            {at > 0 && ', '}
            {struck ? (
              <s>{substance}</s>
            ) : same.includes(substance ?? '') ? (
              <mark>{substance}</mark>
            ) : (
              substance
            )}
          </span>
        ))}
      </p>
    </Known>
  )
}

function substanceGroups(title: (category: 'medication' | 'food' | 'environment') => string) {
  return (['medication', 'food', 'environment'] as const).map((category) => ({
    group: title(category),
    items: substances.filter((s) => s.category === category).map(({ display }) => display),
  }))
}

/** Why it cannot be stated that there is none. */
function whyNotNone(record: PatientRecord): 'unavailable' | 'contradicts' | 'stated' | undefined {
  const allergies = itemsOf(record, 'AllergyIntolerance').map(({ resource }) => resource)
  const label = allergyLabel(allergies, record.complete)
  return label === 'notRecorded'
    ? undefined
    : label === 'known'
      ? 'contradicts'
      : label === 'none'
        ? 'stated'
        : 'unavailable'
}
