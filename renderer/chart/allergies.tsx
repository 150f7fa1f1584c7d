import { useTranslation } from 'react-i18next'
import { type AllergySummary, allergySummary } from '../../domain/display/allergies.ts'
import { asObjects, asText } from '../../domain/fhir/resource.ts'
import { Rung } from '../status/rung.tsx'
import { byDanger, isPast } from './allergy-order.ts'
import { Card, Folded, Nothing, Row, Rows, Tag } from './card.tsx'
import classes from './lists.module.css'
import { ErrorLine, Provenance } from './provenance.tsx'
import { type Item, itemsOf, type PatientRecord } from './record.ts'

/** Allergies and intolerances: those that count, the most dangerous first; resolved and refuted ones folded away. */
export function Allergies(props: {
  record: PatientRecord
  onAdd: () => void
  onChange: (subject: string) => void
}) {
  const { record, onAdd } = props
  const { t } = useTranslation()
  const all = itemsOf(record, 'AllergyIntolerance').map((item) => ({
    item,
    ...allergySummary(item.resource),
  }))
  const positive = all.some((a) => !a.negation && !a.struck)
  // "No known allergies" is outranked by an allergy.
  const current = all.filter((a) => !a.struck && !isPast(a) && !(a.negation && positive)).sort(byDanger)
  const past = all.filter((a) => a.struck || isPast(a) || (a.negation && positive))
  return (
    <Card
      title={t('allergies.title')}
      count={current.filter((a) => !a.negation).length}
      add={{ label: t('allergies.add'), onAdd }}
    >
      {!record.complete ? (
        <Nothing title={t('allergies.unavailable')} tone="warn">
          {t('allergies.unavailableText')}
        </Nothing>
      ) : (
        all.length === 0 && (
          <Nothing title={t('allergies.empty')} tone="warn">
            {t('allergies.emptyText')}
          </Nothing>
        )
      )}
      {current.length > 0 && (
        <Rows label={t('allergies.title')}>
          {current.map((allergy) => (
            <AllergyRow key={allergy.item.subject} allergy={allergy} onChange={props.onChange} />
          ))}
        </Rows>
      )}
      {past.length > 0 && (
        <Folded
          label={t('allergies.past', { count: past.length })}
          aside={<Rung ids={past.flatMap(({ item }) => item.mine)} />}
        >
          <Rows>
            {past.map((allergy) => (
              <AllergyRow key={allergy.item.subject} allergy={allergy} onChange={props.onChange} />
            ))}
          </Rows>
        </Folded>
      )}
    </Card>
  )
}

type Listed = AllergySummary & { item: Item }

function AllergyRow({ allergy, onChange }: { allergy: Listed; onChange: (subject: string) => void }) {
  const { t } = useTranslation()
  const { item, criticality, verificationStatus, clinicalStatus, negation } = allergy
  const severe = allergy.reactions.some((r) => r.severity === 'severe')
  const notes = asObjects(item.resource['note']).flatMap((note) => asText(note['text']) ?? [])
  return (
    <Row
      struck={allergy.struck}
      onItsWay={item.onItsWay}
      change={{
        label: t('panel.changeNamed', {
          name: negation ? t('allergies.none') : (allergy.substance ?? t('allergies.unnamed')),
        }),
        onChange: () => onChange(item.subject),
      }}
      tone={
        !allergy.struck && !isPast(allergy) && (criticality === 'high' || severe) ? 'critical' : undefined
      }
    >
      <div className={classes.line}>
        <strong className="strike">
          {negation ? t('allergies.none') : (allergy.substance ?? t('allergies.unnamed'))}
        </strong>
        {isCriticality(criticality) && (
          <Tag tone={criticality === 'high' ? 'critical' : 'quiet'}>
            {t(`allergies.criticality.${criticality}`)}
          </Tag>
        )}
        {isVerification(verificationStatus) && verificationStatus !== 'confirmed' && (
          <Tag tone={verificationStatus === 'unconfirmed' ? 'warn' : 'quiet'}>
            {t(`allergies.verification.${verificationStatus}`)}
          </Tag>
        )}
        {isPast(allergy) && isClinical(clinicalStatus) && (
          <Tag tone="quiet">{t(`allergies.clinical.${clinicalStatus}`)}</Tag>
        )}
        <Rung ids={item.mine} />
      </div>
      {!negation && (
        <div className="strike">
          {allergy.reactions.length === 0 && (
            <span className={classes.quiet}>{t('allergies.reactionNotRecorded')}</span>
          )}
          {allergy.reactions.map((reaction, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: reactions have no id of their own to rely on
            <span key={at}>
              {at > 0 && ' · '}
              {reaction.manifestations.join(', ') || t('allergies.reactionNotRecorded')}
              {isSeverity(reaction.severity) && (
                <>
                  ,{' '}
                  {reaction.severity === 'severe' ? (
                    <strong className={classes.severe}>{t('allergies.severity.severe')}</strong>
                  ) : (
                    t(`allergies.severity.${reaction.severity}`)
                  )}
                </>
              )}
            </span>
          ))}
        </div>
      )}
      {notes.map((note) => (
        <div key={note} className={classes.note}>
          {note}
        </div>
      ))}
      {verificationStatus === 'entered-in-error' ? (
        <ErrorLine item={item} aspect="status" />
      ) : (
        <Provenance item={item} who={allergy.recorder} when={allergy.recorded} />
      )}
    </Row>
  )
}

function isCriticality(code: string | undefined): code is 'high' | 'low' | 'unable-to-assess' {
  return code === 'high' || code === 'low' || code === 'unable-to-assess'
}

function isVerification(
  code: string | undefined,
): code is 'unconfirmed' | 'confirmed' | 'refuted' | 'entered-in-error' {
  return code === 'unconfirmed' || code === 'confirmed' || code === 'refuted' || code === 'entered-in-error'
}

function isClinical(code: string | undefined): code is 'active' | 'inactive' | 'resolved' {
  return code === 'active' || code === 'inactive' || code === 'resolved'
}

function isSeverity(code: string | undefined): code is 'severe' | 'moderate' | 'mild' {
  return code === 'severe' || code === 'moderate' || code === 'mild'
}
