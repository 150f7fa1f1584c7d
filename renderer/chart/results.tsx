import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { conceptText } from '../../domain/display/concept.ts'
import { observationValue } from '../../domain/display/observation-value.ts'
import { asText } from '../../domain/fhir/resource.ts'
import { Card, Row, Rows, Tag } from './card.tsx'
import classes from './lists.module.css'
import { measureOf } from './measures.ts'
import { ErrorLine } from './provenance.tsx'
import { dateIn, type Item, itemsOf, latestFirst } from './record.ts'
import type { Chart } from './use-chart.ts'
import { useWhen } from './use-when.tsx'

const told = ['preliminary', 'amended', 'corrected', 'cancelled', 'registered', 'unknown'] as const

/** Observations that are no vital signs: of each kind the latest, the earlier ones behind it. */
export function Results({ chart }: { chart: Chart }) {
  const { t } = useTranslation()
  const observations = itemsOf(chart.record, 'Observation')
  const kinds = useMemo(() => byKind(observations), [observations])
  if (kinds.length === 0) return null
  return (
    <Card title={t('results.title')} count={kinds.length}>
      <Rows label={t('results.title')}>
        {kinds.map(([name, [latest, ...earlier]]) =>
          latest ? <ResultRow key={name} item={latest} name={name} earlier={earlier} /> : null,
        )}
      </Rows>
    </Card>
  )
}

function ResultRow({ item, name, earlier }: { item: Item; name: string; earlier: readonly Item[] }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <Row struck={isStruck(item)} onItsWay={item.onItsWay}>
      <div className={classes.result}>
        <Result item={item} name={name} />
        {earlier.length > 0 && (
          <Button
            variant="subtle"
            size="compact-xs"
            aria-expanded={open}
            aria-label={t('results.earlierOf', { count: earlier.length, name })}
            onClick={() => setOpen(!open)}
          >
            {t('results.earlier', { count: earlier.length })}
          </Button>
        )}
      </div>
      {open && earlier.map((one) => <Result key={one.subject} item={one} />)}
    </Row>
  )
}

function Result({ item, name }: { item: Item; name?: string }) {
  const { t } = useTranslation()
  const when = useWhen()
  const at = dateOf(item)
  const status = told.find((code) => code === asText(item.resource['status']))
  const value = observationValue(item.resource) ?? t('vitals.noValue')
  return (
    <div className={classes.line}>
      {name && <span>{name}</span>}
      {isStruck(item) ? <s>{value}</s> : <strong>{value}</strong>}
      {status && <Tag tone="warn">{t(`vitals.statuses.${status}`)}</Tag>}
      <span className={classes.provenance}>{at ? when(at) : t('app.notRecorded')}</span>
      {asText(item.resource['status']) === 'entered-in-error' && <ErrorLine item={item} aspect="status" />}
    </div>
  )
}

function byKind(observations: readonly Item[]): [string, Item[]][] {
  const kinds = new Map<string, Item[]>()
  for (const item of latestFirst(observations, dateOf)) {
    if (measureOf(item)) continue
    const name = conceptText(item.resource['code']) ?? ''
    kinds.set(name, [...(kinds.get(name) ?? []), item])
  }
  return [...kinds]
}

function dateOf({ resource }: Item): string | undefined {
  return dateIn(resource, 'effectiveDateTime', 'effectivePeriod', 'effectiveInstant', 'issued')
}

function isStruck({ resource }: Item): boolean {
  const status = asText(resource['status'])
  return status === 'entered-in-error' || status === 'cancelled'
}
