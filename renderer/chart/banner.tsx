import { IconAlertTriangle, IconCircleOff, IconHeartbeat, IconHelpCircle } from '@tabler/icons-react'
import { type ReactNode, useContext } from 'react'
import { useTranslation } from 'react-i18next'
import { ageAt } from '../../domain/display/age.ts'
import { allergyLabel, allergySummary } from '../../domain/display/allergies.ts'
import { dayIn, formatDate } from '../../domain/display/dates.ts'
import { patientName } from '../../domain/display/patient-name.ts'
import { asText, type FhirResource } from '../../domain/fhir/resource.ts'
import { byDanger } from './allergy-order.ts'
import classes from './banner.module.css'
import { diedOf } from './died.ts'
import { genderOf } from './gender.ts'
import { identifierToShow } from './identifier.ts'
import { useNameOf } from './provenance.tsx'
import { type Item, latestFirst, statedBy } from './record.ts'
import type { Resuscitation } from './resuscitation.ts'
import { ChartZone, useWhen } from './use-when.tsx'

/**
 * Who this is, and what must not be missed: over the full width, above all that scrolls, never covered (PAB-0009 to
 * PAB-0013). Name, Born, Gender, identifier, in this order and without colons (PAB-0016); no value is an empty space.
 */
export function PatientBanner(props: {
  patient: FhirResource | undefined
  allergies: readonly Item[]
  /** The chart document has arrived whole. */
  complete: boolean
  resuscitation: Resuscitation
  /** Today in the patient's zone, `2026-11-24`. */
  today: string
}) {
  const { t } = useTranslation()
  const { patient } = props
  const timeZone = useContext(ChartZone)
  const died = patient && diedOf(patient)
  const born = asText(patient?.['birthDate'])
  const gender = asText(patient?.['gender'])
  const age = born && ageAt(born, typeof died === 'string' ? dayIn(died, timeZone) : props.today)
  const identifier = patient && identifierToShow(patient)
  return (
    <section
      className={classes.banner}
      data-deceased={died !== undefined || undefined}
      aria-label={t('banner.label')}
      data-testid="patient-banner"
    >
      <div className={classes.who}>
        <h1 className={classes.name}>
          {patient ? patientName(patient, t('app.unknown')) : t('banner.notKnownYet')}
        </h1>
        {patient && (
          <dl className={classes.facts}>
            <Fact label={t('banner.born')}>
              {born ? formatDate(born) : t('app.notRecorded')}
              {age && !(died === true) && <> ({age})</>}
            </Fact>
            {died !== undefined && (
              <Fact label={t(typeof died === 'string' ? 'banner.died' : 'banner.deceased')}>
                {typeof died === 'string' ? formatDate(died, timeZone) : t('banner.deceasedUndated')}
              </Fact>
            )}
            <Fact label={t('banner.gender')}>
              {gender ? t(`gender.${genderOf(gender)}`) : t('app.notRecorded')}
            </Fact>
            <Fact label={identifier?.label ?? t('banner.identifier')}>
              {identifier?.value ?? t('app.notRecorded')}
            </Fact>
          </dl>
        )}
      </div>
      <div className={classes.alerts}>
        <AllergyLine allergies={props.allergies} complete={props.complete} />
        {props.complete && <ResuscitationLine resuscitation={props.resuscitation} />}
      </div>
    </section>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function AllergyLine({ allergies, complete }: { allergies: readonly Item[]; complete: boolean }) {
  const { t } = useTranslation()
  const when = useWhen()
  const name = useNameOf()
  const label = allergyLabel(
    allergies.map(({ resource }) => resource),
    complete,
  )
  const heading = t(`banner.allergies.${label}`)
  if (label === 'known') {
    const known = allergies
      .map((item) => ({ item, ...allergySummary(item.resource) }))
      .filter(({ negation, struck }) => !negation && !struck)
      .sort(byDanger)
    return (
      <p className={classes.alert} data-tone="critical">
        <IconAlertTriangle size={18} aria-hidden />
        <span>
          <strong>{heading}</strong>{' '}
          {known.map(({ item, substance, clinicalStatus, criticality }, at) => (
            <span key={item.subject}>
              {at > 0 && ', '}
              <span className={criticality === 'high' ? classes.high : undefined}>
                {substance ?? t('allergies.unnamed')}
              </span>
              {isPast(clinicalStatus) && ` (${t(`allergies.clinical.${clinicalStatus}`).toLowerCase()})`}
            </span>
          ))}
        </span>
      </p>
    )
  }
  if (label === 'none') {
    const negation = latestFirst(
      allergies.filter(
        ({ resource }) => allergySummary(resource).negation && !allergySummary(resource).struck,
      ),
      ({ resource }) => asText(resource['recordedDate']),
    )[0]
    const said = negation && allergySummary(negation.resource)
    const stated = negation && statedBy(negation, 'code')
    const who = said?.recorder ?? (stated && name(stated))
    const date = said?.recorded ?? stated?.when
    return (
      <p className={classes.alert} data-tone="quiet">
        <IconCircleOff size={18} aria-hidden />
        <span>
          <strong>{heading}</strong>{' '}
          {who && date ? t('banner.noneBy', { who, when: when(date) }) : t('banner.noneUndated')}
        </span>
      </p>
    )
  }
  return (
    <p className={classes.alert} data-tone="warn">
      <IconHelpCircle size={18} aria-hidden />
      <span>
        <strong>{heading}</strong> {label === 'unavailable' && t('banner.unavailableWhy')}
      </span>
    </p>
  )
}

function ResuscitationLine({ resuscitation }: { resuscitation: Resuscitation }) {
  const { t } = useTranslation()
  const when = useWhen()
  if (resuscitation.state === 'none')
    return (
      <p className={classes.alert} data-tone="quiet">
        <IconHeartbeat size={18} aria-hidden />
        <span>{t('resuscitation.none')}</span>
      </p>
    )
  const decided = (date: string | undefined) =>
    date ? t('resuscitation.decided', { when: when(date) }) : t('resuscitation.undated')
  if (resuscitation.state === 'conflict')
    return (
      <p className={classes.alert} data-tone="solid">
        <IconAlertTriangle size={18} aria-hidden />
        <span>
          <strong>{t('resuscitation.conflict')}</strong>{' '}
          {resuscitation.decisions
            .map((one) => `${t(`resuscitation.${one.decision}`)}, ${decided(one.decided)}`)
            .join(' · ')}
        </span>
      </p>
    )
  const { decision, expired } = resuscitation
  return (
    <p className={classes.alert} data-tone={decision === 'attempt' ? 'quiet' : 'solid'}>
      <IconHeartbeat size={18} aria-hidden />
      <span>
        <strong>{t(`resuscitation.${decision}`)}</strong> {decided(resuscitation.decided)}
        {expired && <> · {t('resuscitation.expired', { when: when(expired) })}</>}
      </span>
    </p>
  )
}

function isPast(status: string | undefined): status is 'inactive' | 'resolved' {
  return status === 'inactive' || status === 'resolved'
}
