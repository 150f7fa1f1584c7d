import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { conceptText } from '../../domain/display/concept.ts'
import { asObject, asObjects, asText } from '../../domain/fhir/resource.ts'
import { Card, Folded, Nothing, Row, Rows, Tag } from './card.tsx'
import classes from './lists.module.css'
import { ErrorLine } from './provenance.tsx'
import { dateIn, type Item, itemsOf, latestFirst } from './record.ts'
import type { Chart } from './use-chart.ts'
import { useWhen } from './use-when.tsx'

const ongoing = ['preparation', 'in-progress', 'on-hold', 'stopped', 'unknown'] as const
const shown = 6

/** Procedures and immunisations, the latest first. */
export function History({ chart }: { chart: Chart }) {
  const { t } = useTranslation()
  const all = latestFirst(
    [...itemsOf(chart.record, 'Procedure'), ...itemsOf(chart.record, 'Immunization')],
    ({ resource }) =>
      dateIn(resource, 'performedDateTime', 'performedPeriod', 'occurrenceDateTime', 'recorded'),
  )
  return (
    <Card title={t('history.title')} count={all.length}>
      {all.length === 0 && (
        <Nothing title={t(chart.record.journalsComplete ? 'history.empty' : 'app.loading')} />
      )}
      {all.length > 0 && (
        <Rows label={t('history.title')}>
          {all.slice(0, shown).map((item) => (
            <HistoryRow key={item.subject} item={item} />
          ))}
        </Rows>
      )}
      {all.length > shown && (
        <Folded label={t('vitals.more', { count: all.length - shown })}>
          <Rows>
            {all.slice(shown).map((item) => (
              <HistoryRow key={item.subject} item={item} />
            ))}
          </Rows>
        </Folded>
      )}
      <OlderYears chart={chart} />
    </Card>
  )
}

/** Journals of earlier years are opened on demand. */
export function OlderYears({ chart }: { chart: Chart }) {
  const { t } = useTranslation()
  const years = chart.olderYears
  if (years.length === 0) return null
  const dated = years.filter((year) => year !== 'undated')
  const span = dated.length > 1 ? `${dated.at(-1)}–${dated[0]}` : (dated[0] ?? t('history.undated'))
  return (
    <div style={{ padding: '4px 10px 8px' }}>
      <Button variant="subtle" size="compact-sm" onClick={chart.loadOlder}>
        {t('history.loadOlder', { years: span })}
      </Button>
    </div>
  )
}

function HistoryRow({ item }: { item: Item }) {
  const { t } = useTranslation()
  const when = useWhen()
  const { resource } = item
  const status = asText(resource['status'])
  const immunisation = resource.resourceType === 'Immunization'
  const at = dateIn(resource, 'performedDateTime', 'performedPeriod', 'occurrenceDateTime')
  const name = conceptText(resource[immunisation ? 'vaccineCode' : 'code']) ?? t('history.unnamed')
  const doneBy = asObjects(resource['performer']).flatMap(
    (p) => asText(asObject(p['actor'])?.['display']) ?? [],
  )
  const going = ongoing.find((code) => code === status)
  const outcome = conceptText(resource['outcome'])
  const reason = conceptText(resource['statusReason'])
  return (
    <Row struck={status === 'entered-in-error'} onItsWay={item.onItsWay}>
      <div className={classes.line}>
        {status === 'not-done' && <Tag tone="warn">{t('history.notDone')}</Tag>}
        <span className="strike">{name}</span>
        <Tag tone="quiet">{t(immunisation ? 'history.immunisation' : 'history.procedure')}</Tag>
        {going && <Tag tone="warn">{t(`history.status.${going}`)}</Tag>}
        <span className={classes.quiet}>{[at ? when(at) : t('app.notRecorded'), ...doneBy].join(', ')}</span>
      </div>
      {outcome && <div className={classes.note}>{outcome}</div>}
      {reason && <div className={classes.note}>{t('medications.reason', { reason })}</div>}
      {status === 'entered-in-error' && <ErrorLine item={item} aspect="rest" />}
    </Row>
  )
}
