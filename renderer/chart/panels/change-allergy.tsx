import { Autocomplete, Button, Input, NativeSelect } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import type { TFunction } from 'i18next'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { allergyLabel, allergySummary } from '../../../domain/display/allergies.ts'
import {
  allergyClinicals,
  allergyVerifications,
  criticalities,
  severities,
} from '../../../domain/fhir/value-sets.ts'
import type { AllergyDraft } from '../author.ts'
import { reactions as reactionTerms } from '../coded-terms.ts'
import { type Item, itemsOf } from '../record.ts'
import classes from '../side-panel.module.css'
import { useAuthor } from '../use-author.ts'
import { useKeep } from '../use-keep.ts'
import { showWhatIsWrong } from '../what-is-wrong.ts'
import {
  type AllergyChange,
  changedAllergy,
  checkAllergyChange,
  type ReactionTyped,
  readAllergy,
} from './allergy-change.ts'
import { changeOf } from './change.ts'
import { ChangeFrame, EnterAnew, ReasonField } from './change-frame.tsx'
import type { ChangeProps } from './panel.ts'
import { Choice, Choices, NoteField } from './parts.tsx'
import { useChangeForm } from './use-change.ts'

/** The form that changes an allergy: criticality, verification, whether it still holds, reactions. */
export function ChangeAllergy(props: ChangeProps<AllergyChange, AllergyDraft> & { item: Item }) {
  const { t } = useTranslation()
  const { item } = props
  const form = useChangeForm(item.state, readAllergy, props.refused)
  const { draft, base } = form
  const { status } = draft
  const [anew, setAnew] = useState(false)
  const summary = allergySummary(item.resource)
  const inError =
    status.verification === 'entered-in-error' && base.status.verification !== 'entered-in-error'
  const { keep, problem } = useKeep(props.patientId, () =>
    inError && anew ? props.onAnew(againOf(base, summary.substance ?? '')) : props.onKept(),
  )
  const author = useAuthor()
  const [tried, setTried] = useState(false)
  const element = useRef<HTMLFormElement>(null)

  const struck = status.verification === 'refuted' || status.verification === 'entered-in-error'
  // "No known allergies" does not come back while there is one.
  const others = itemsOf(props.record, 'AllergyIntolerance').filter(({ subject }) => subject !== item.subject)
  const contradicts =
    summary.negation &&
    !struck &&
    allergyLabel(
      others.map(({ resource }) => resource),
      true,
    ) === 'known'
  const problems = checkAllergyChange(draft, base)
  const name = summary.negation ? t('allergies.none') : (summary.substance ?? t('allergies.unnamed'))
  const now = readAllergy(item.state)
  const sayings = {
    status: allergyStatusWords(t, now),
    criticality: criticalityWords(t, now),
    reaction:
      now.reaction.list.map((r) => reactionWords(t, r)).join('; ') || t('allergies.reactionNotRecorded'),
  }
  const needsReason =
    status.verification !== base.status.verification || status.clinical !== base.status.clinical

  const save = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    const wrong = Object.keys(problems).length > 0 || contradicts
    const stated = author()
    const aspects = changedAllergy(draft, base, item.state, stated)
    if (wrong || form.news.length > 0 || Object.keys(aspects).length === 0)
      return showWhatIsWrong(element.current)
    void keep(() => {
      const reason = needsReason ? status.reason : undefined
      const entry = changeOf(item.state, aspects, props.record, stated, reason)
      return [{ entry, about: t('allergies.aboutChange', { substance: name }) }]
    })
  }

  return (
    <ChangeFrame
      {...props}
      title={t('changeAllergy.title')}
      name={name}
      now={summary.negation ? [sayings.status] : [sayings.status, sayings.criticality, sayings.reaction]}
      form={form}
      say={(part) =>
        part === 'status' || part === 'criticality' || part === 'reaction'
          ? t(`meanwhile.${part}`, { now: sayings[part] })
          : t('meanwhile.other')
      }
      tried={tried}
      element={element}
      onSave={save}
      notKept={problem}
    >
      <Choices
        label={t('addAllergy.verification')}
        value={status.verification}
        options={allergyVerifications.map((value) => ({
          value,
          label: t(`allergies.verification.${value}`),
        }))}
        onChange={(verification) => form.change('status', { verification })}
        autofocus
      />
      {!struck && (
        <Choices
          label={t('changeAllergy.clinical')}
          value={status.clinical}
          options={allergyClinicals.map((value) => ({ value, label: t(`allergies.clinical.${value}`) }))}
          onChange={(clinical) => form.change('status', { clinical })}
        />
      )}
      {contradicts && tried && <Input.Error role="alert">{t('noAllergies.contradicts')}</Input.Error>}
      {needsReason && (
        <ReasonField
          label={t('panel.reason')}
          value={status.reason}
          onChange={(reason) => form.change('status', { reason })}
          error={tried && problems.reason && t('panel.reasonMissing')}
        />
      )}
      {inError && !summary.negation && <EnterAnew checked={anew} onChange={setAnew} />}
      {!summary.negation && !struck && (
        <>
          <Choice
            label={t('addAllergy.criticality')}
            description={t('addAllergy.criticalityHint')}
            value={draft.criticality.criticality}
            options={criticalities.map((value) => ({
              value: value as string,
              label: t(`allergies.criticalityShort.${value}`),
            }))}
            onChange={(criticality) => form.change('criticality', { criticality: criticality ?? '' })}
          />
          <Reactions
            list={draft.reaction.list}
            onChange={(list) => form.change('reaction', { list })}
            error={tried && problems.reaction ? t('addAllergy.severityNeedsReaction') : undefined}
          />
        </>
      )}
      <NoteField
        label={t('panel.addNote')}
        value={draft.rest.note}
        onChange={(note) => form.change('rest', { note })}
      />
    </ChangeFrame>
  )
}

/** The reactions: of those on the chart the severity, or away; others can be added. */
function Reactions(props: {
  list: readonly ReactionTyped[]
  onChange: (list: readonly ReactionTyped[]) => void
  error: string | undefined
}) {
  const { t } = useTranslation()
  const { list, onChange } = props
  const put = (at: number, part: Partial<ReactionTyped>) =>
    onChange(list.map((one, index) => (index === at ? { ...one, ...part } : one)))
  return (
    <Input.Wrapper label={t('changeAllergy.reactions')} labelElement="div" error={props.error}>
      {list.map((reaction, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: none is taken out of the list while it is open
        <div key={at} className={classes.reaction} data-gone={reaction.gone || undefined}>
          {reaction.aspect === undefined ? (
            <Autocomplete
              aria-label={t('addAllergy.reaction')}
              placeholder={t('changeAllergy.what')}
              data={reactionTerms.map(({ display }) => display)}
              value={reaction.said}
              onChange={(said) => put(at, { said })}
              openOnFocus={false}
              autoComplete="off"
              maxLength={300}
            />
          ) : (
            <span className={classes.said}>{reaction.said || t('allergies.reactionNotRecorded')}</span>
          )}
          <NativeSelect
            aria-label={t('changeAllergy.severityOf', { reaction: reaction.said })}
            value={reaction.severity}
            disabled={reaction.gone}
            data={[
              { value: '', label: t('panel.notSaid') },
              ...severities.map((value) => ({ value, label: t(`allergies.severityShort.${value}`) })),
            ]}
            onChange={(event) => put(at, { severity: event.currentTarget.value })}
          />
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            aria-label={t(reaction.gone ? 'changeAllergy.keepNamed' : 'changeAllergy.removeNamed', {
              reaction: reaction.said,
            })}
            onClick={() => put(at, { gone: !reaction.gone })}
          >
            {t(reaction.gone ? 'changeAllergy.keep' : 'changeAllergy.remove')}
          </Button>
        </div>
      ))}
      <Button
        size="compact-sm"
        variant="default"
        mt={6}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => onChange([...list, { aspect: undefined, said: '', severity: '', gone: false }])}
      >
        {t('changeAllergy.addReaction')}
      </Button>
    </Input.Wrapper>
  )
}

function againOf(base: AllergyChange, substance: string): AllergyDraft {
  const [reaction] = base.reaction.list
  const severity = severities.find((one) => one === reaction?.severity)
  const criticality = criticalities.find((one) => one === base.criticality.criticality)
  return {
    substance,
    none: false,
    reaction: reaction?.said ?? '',
    severity,
    criticality,
    verification: base.status.verification === 'confirmed' ? 'confirmed' : 'unconfirmed',
    note: '',
  }
}

function allergyStatusWords(t: TFunction, { status }: AllergyChange): string {
  const verification = allergyVerifications.find((code) => code === status.verification)
  const clinical = allergyClinicals.find((code) => code === status.clinical)
  const words = [
    verification && t(`allergies.verification.${verification}`),
    clinical && t(`allergies.clinical.${clinical}`),
  ]
  return words.filter(Boolean).join(', ') || t('app.notRecorded')
}

function criticalityWords(t: TFunction, { criticality }: AllergyChange): string {
  const known = criticalities.find((one) => one === criticality.criticality)
  return known ? t(`allergies.criticality.${known}`) : t('changeAllergy.criticalityNotSaid')
}

function reactionWords(t: TFunction, { said, severity }: ReactionTyped): string {
  const known = severities.find((one) => one === severity)
  return [said || t('allergies.reactionNotRecorded'), known && t(`allergies.severity.${known}`)]
    .filter(Boolean)
    .join(', ')
}
