import {
  Autocomplete,
  Button,
  Checkbox,
  type ComboboxItem,
  Group,
  Input,
  type OptionsFilter,
  SegmentedControl,
  Stack,
  Textarea,
} from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { type FormEvent, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { allergySummary } from '../../domain/display/allergies.ts'
import { fold } from '../patients/fold.ts'
import { byDanger } from './allergy-order.ts'
import { type AllergyDraft, authorAllergy } from './author.ts'
import { reactions, substances } from './coded-terms.ts'
import { knownAlready, substanceNamed } from './duplicate-allergy.ts'
import { NotKept } from './not-kept.tsx'
import { itemsOf, type PatientRecord } from './record.ts'
import classes from './side-panel.module.css'
import { type Leaving, type PanelForm, SidePanel } from './side-panel.tsx'
import { useAuthor } from './use-author.ts'
import { useKeep } from './use-keep.ts'
import { showWhatIsWrong } from './what-is-wrong.ts'

type Props = { patientId: string; record: PatientRecord; onClose: () => void } & Leaving

/** The panel that adds an allergy. What is known already stands above while one types. */
export function AddAllergy({ opened, leaving, onStay, ...props }: Props & { opened: boolean }) {
  const { t } = useTranslation()
  return (
    <SidePanel
      opened={opened}
      onClose={props.onClose}
      title={t('addAllergy.title')}
      leaving={leaving}
      onStay={onStay}
    >
      {(form) => opened && <AllergyForm {...props} {...form} />}
    </SidePanel>
  )
}

const empty: AllergyDraft = {
  substance: '',
  reaction: '',
  severity: undefined,
  criticality: undefined,
  verification: 'unconfirmed',
  note: '',
}

function AllergyForm(props: Omit<Props, keyof Leaving> & PanelForm) {
  const { t } = useTranslation()
  const { keep, problem } = useKeep(props.patientId, props.onClose)
  const author = useAuthor()
  const [draft, setDraft] = useState(empty)
  const [repeated, setRepeated] = useState(false)
  const [tried, setTried] = useState(false)
  const form = useRef<HTMLFormElement>(null)

  const allergies = itemsOf(props.record, 'AllergyIntolerance').map(({ resource }) => resource)
  const duplicates = knownAlready(draft.substance, allergies)
  const same = duplicates.find((known) => known.same)
  const problems = {
    substance: draft.substance.trim() === '' ? t('addAllergy.substanceMissing') : undefined,
    repeated: same && !repeated ? t('addAllergy.duplicateMissing') : undefined,
    severity:
      draft.severity && draft.reaction.trim() === '' ? t('addAllergy.severityNeedsReaction') : undefined,
  }
  const change = (part: Partial<AllergyDraft>) => {
    const next = { ...draft, ...part }
    setDraft(next)
    if ('substance' in part) setRepeated(false)
    props.onDirty(Object.entries(empty).some(([key, value]) => next[key as keyof AllergyDraft] !== value))
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (Object.values(problems).some((problem) => problem !== undefined)) return showWhatIsWrong(form.current)
    void keep(() => {
      const entry = authorAllergy(draft, props.patientId, props.record, author())
      return [{ entry, about: t('allergies.about', { substance: draft.substance.trim() }) }]
    })
  }
  const coded = substanceNamed(draft.substance)

  return (
    <form ref={form} onSubmit={save} noValidate aria-label={t('addAllergy.title')}>
      <KnownAllergies record={props.record} same={duplicates.map(({ substance }) => substance)} />
      <Stack gap="md">
        <Autocomplete
          label={t('addAllergy.substance')}
          description={
            coded
              ? t('addAllergy.coded', { code: coded.code })
              : t(draft.substance.trim() ? 'addAllergy.freeText' : 'addAllergy.substanceHint')
          }
          required
          withAsterisk={false}
          data={substanceGroups((category) => t(`addAllergy.categories.${category}`))}
          filter={bySubstance}
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
          options={(['mild', 'moderate', 'severe'] as const).map((value) => ({
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
          options={(['low', 'high', 'unable-to-assess'] as const).map((value) => ({
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
        <Textarea
          label={t('addAllergy.note')}
          value={draft.note}
          onChange={(event) => change({ note: event.currentTarget.value })}
          autosize
          minRows={2}
          maxLength={2000}
        />
      </Stack>
      <NotKept problem={problem} />
      <Group justify="flex-end" gap="sm" className={classes.foot}>
        <Button variant="default" onClick={props.onCancel}>
          {t('app.cancel')}
        </Button>
        <Button type="submit">{t('addAllergy.save')}</Button>
      </Group>
    </form>
  )
}

/** What the chart says already, with what is being typed marked. */
function KnownAllergies({ record, same }: { record: PatientRecord; same: readonly string[] }) {
  const { t } = useTranslation()
  const id = useId()
  const known = itemsOf(record, 'AllergyIntolerance')
    .map((item) => ({ item, ...allergySummary(item.resource) }))
    .filter(({ negation }) => !negation)
    .sort(byDanger)
  return (
    <section className={classes.known} aria-labelledby={id}>
      <h3 id={id}>{t('addAllergy.known')}</h3>
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
    </section>
  )
}

/** One of a few, or not recorded. */
function Choice<T extends string>(props: {
  label: string
  description?: string
  value: T | undefined
  options: { value: T; label: string }[]
  onChange: (value: T | undefined) => void
  error?: string | undefined
}) {
  const { t } = useTranslation()
  return (
    <Input.Wrapper label={props.label} description={props.description} error={props.error} labelElement="div">
      <SegmentedControl
        fullWidth
        mt={props.description ? 6 : 0}
        aria-label={props.label}
        data={[{ value: '', label: t('addAllergy.notSaid') }, ...props.options]}
        value={props.value ?? ''}
        onChange={(value) => props.onChange(props.options.find((option) => option.value === value)?.value)}
      />
    </Input.Wrapper>
  )
}

function substanceGroups(title: (category: 'medication' | 'food' | 'environment') => string) {
  return (['medication', 'food', 'environment'] as const).map((category) => ({
    group: title(category),
    items: substances.filter((s) => s.category === category).map(({ display }) => display),
  }))
}

/** Finds a substance by its name or another name of it, by the begin of any word, without diacritics. */
const bySubstance: OptionsFilter = ({ options, search }) => {
  const wanted = fold(search.trim())
  const fits = ({ label }: ComboboxItem) => {
    const substance = substances.find(({ display }) => display === label)
    return [label, ...(substance?.other ?? [])].some((name) =>
      fold(name)
        .split(/[\s(]+/)
        .some((word) => word.startsWith(wanted)),
    )
  }
  return options
    .map((option) => ('group' in option ? { ...option, items: option.items.filter(fits) } : option))
    .filter((option) => ('group' in option ? option.items.length > 0 : fits(option)))
}
