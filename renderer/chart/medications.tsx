import { IconAlertTriangle, IconBan } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { conceptText } from '../../domain/display/concept.ts'
import { type MedicationLine, medicationLine } from '../../domain/display/medication-line.ts'
import { asObject, asObjects, asText, type FhirResource } from '../../domain/fhir/resource.ts'
import { Rung } from '../status/rung.tsx'
import { Card, Folded, Nothing, Row, Rows, Tag } from './card.tsx'
import classes from './lists.module.css'
import { byUse, isCurrent, isOrder, medicationStatus, repeats } from './medication-order.ts'
import { ErrorLine, Provenance } from './provenance.tsx'
import { dateIn, type Item, itemsOf, latestFirst, type PatientRecord } from './record.ts'
import { useWhen } from './use-when.tsx'

/** Medications: what must not be given first, then what is given by name; the rest folded away. */
export function Medications(props: {
  record: PatientRecord
  deceased: boolean
  onAdd: () => void
  onChange: (subject: string) => void
}) {
  const { record, deceased, onAdd, onChange } = props
  const { t } = useTranslation()
  const all = itemsOf(record, 'MedicationRequest').map((item) => ({
    item,
    line: medicationLine(item.resource),
  }))
  const current = all.filter(({ line }) => isCurrent(line)).sort((a, b) => byUse(a.line, b.line))
  const past = latestFirst(
    all.filter(({ line }) => !isCurrent(line)),
    ({ item }) => dateIn(item.resource, 'authoredOn'),
  )
  return (
    <Card
      title={t('medications.title')}
      count={current.length}
      add={{ label: t('addMedication.title'), onAdd }}
    >
      {deceased && current.length > 0 && (
        <div className={classes.warning}>
          <IconAlertTriangle size={18} aria-hidden />
          {t('medications.deceased')}
        </div>
      )}
      {!record.complete ? (
        <Nothing title={t('medications.unavailable')} tone="warn">
          {t('medications.unavailableText')}
        </Nothing>
      ) : (
        all.length === 0 && <Nothing title={t('medications.empty')} />
      )}
      {current.length > 0 && (
        <Rows label={t('medications.title')}>
          {current.map(({ item, line }) => (
            <MedicationRow key={item.subject} item={item} line={line} onChange={onChange} />
          ))}
        </Rows>
      )}
      {past.length > 0 && (
        <Folded
          label={t('medications.past', { count: past.length })}
          aside={<Rung ids={past.flatMap(({ item }) => item.mine)} />}
        >
          <Rows>
            {past.map(({ item, line }) => (
              <MedicationRow key={item.subject} item={item} line={line} onChange={onChange} />
            ))}
          </Rows>
        </Folded>
      )}
    </Card>
  )
}

/** MEDi-051: drug, strength, form, DOSE, route, frequency. */
function MedicationRow(props: { item: Item; line: MedicationLine; onChange: (subject: string) => void }) {
  const { item, line } = props
  const { t } = useTranslation()
  const status = medicationStatus(line)
  const when = useWhen()
  const intent = asText(item.resource['intent'])
  const bounds = boundsOf(item.resource)
  const reasons = asObjects(item.resource['reasonCode']).flatMap((reason) => conceptText(reason) ?? [])
  const notes = asObjects(item.resource['note']).flatMap((note) => asText(note['text']) ?? [])
  return (
    <Row
      struck={line.enteredInError}
      onItsWay={item.onItsWay}
      tone={line.doNotPerform && !line.enteredInError ? 'critical' : undefined}
      change={{
        label: t('panel.changeNamed', { name: line.drug ?? t('medications.unnamed') }),
        onChange: () => props.onChange(item.subject),
      }}
    >
      <div className={classes.line}>
        {line.doNotPerform && (
          <Tag tone="solid">
            <IconBan size={13} aria-hidden style={{ verticalAlign: -2 }} /> {t('medications.doNotGive')}
          </Tag>
        )}
        <span className="strike">
          <strong>{line.drug ?? t('medications.unnamed')}</strong>
          {line.strength && <> {line.strength}</>}
          {line.form && <> {line.form}</>}
        </span>
        {status !== 'active' && (
          <Tag
            tone={
              status === 'draft' || status === 'on-hold' || status === undefined || status === 'unknown'
                ? 'warn'
                : 'quiet'
            }
          >
            {status ? t(`medications.status.${status}`) : t('medications.statusUnnamed')}
          </Tag>
        )}
        {intent !== undefined && !isOrder(intent) && (
          <Tag tone="warn">
            {intent === 'proposal' || intent === 'plan'
              ? t(`medications.intent.${intent}`)
              : t('medications.intent.other', { intent })}
          </Tag>
        )}
        <Rung ids={item.mine} />
      </div>
      {line.dosages.map((dosage, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: dosages are known by their order
        <div key={at} className="strike">
          <div className={classes.dose}>
            {dosage.dose && (
              <span>
                <span className={classes.label}>{t('medications.dose')}</span> <strong>{dosage.dose}</strong>
              </span>
            )}
            {dosage.route && <span>{dosage.route}</span>}
            {dosage.frequency && <span>{dosage.frequency}</span>}
            {bounds[at]?.start && <span>{t('medications.from', { when: when(bounds[at].start) })}</span>}
            {bounds[at]?.end && <span>{t('medications.to', { when: when(bounds[at].end) })}</span>}
            {!dosage.dose && !dosage.text && !line.doNotPerform && (
              <span className={classes.quiet}>{t('medications.doseNotRecorded')}</span>
            )}
          </div>
          {dosage.text && !repeats(dosage) && (
            <div className={dosage.dose ? classes.note : undefined}>{dosage.text}</div>
          )}
        </div>
      ))}
      {line.dosages.length === 0 && !line.doNotPerform && (
        <div className={classes.quiet}>{t('medications.doseNotRecorded')}</div>
      )}
      {reasons.length > 0 && (
        <div className={classes.note}>{t('medications.for', { reason: reasons.join(', ') })}</div>
      )}
      {notes.map((note) => (
        <div key={note} className={classes.note}>
          {note}
        </div>
      ))}
      {line.statusReason && (
        <div className={classes.note}>{t('medications.reason', { reason: line.statusReason })}</div>
      )}
      {line.enteredInError ? (
        <ErrorLine item={item} aspect="status" />
      ) : (
        <Provenance
          item={item}
          who={asText(asObject(item.resource['requester'])?.['display'])}
          when={dateIn(item.resource, 'authoredOn')}
        />
      )}
    </Row>
  )
}

/** When the first and last doses are, where the order says it. */
function boundsOf(request: FhirResource): { start: string | undefined; end: string | undefined }[] {
  return asObjects(request['dosageInstruction']).map((instruction) => {
    const bounds = asObject(asObject(asObject(instruction['timing'])?.['repeat'])?.['boundsPeriod'])
    return { start: asText(bounds?.['start']), end: asText(bounds?.['end']) }
  })
}
