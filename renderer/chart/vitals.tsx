import { Button, SegmentedControl } from '@mantine/core'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Card, Nothing } from './card.tsx'
import { OlderYears } from './history.tsx'
import { firstPeriod, type Period, periods, type Reading, readingsOf, within } from './measures.ts'
import { itemsOf } from './record.ts'
import type { Chart } from './use-chart.ts'
import { useMinute } from './use-minute.ts'
import { useWhen } from './use-when.tsx'
import classes from './vitals.module.css'
import { VitalsPlot } from './vitals-plot.tsx'
import { VitalsTable } from './vitals-table.tsx'

const dayMs = 86_400_000

/** Vital signs: plotted over the period that is chosen, and as a table, latest first. */
export function Vitals(props: {
  chart: Chart
  adult: boolean
  onAdd: () => void
  /** Subjects of the readings of one moment. */
  onCorrect: (subjects: readonly string[]) => void
}) {
  const { chart, adult, onAdd } = props
  const { t } = useTranslation()
  const when = useWhen()
  const observations = itemsOf(chart.record, 'Observation')
  const readings = useMemo(() => readingsOf(observations), [observations])
  const [chosen, setChosen] = useState<Period | undefined>(undefined)
  // A minute is the step in which the axis moves on.
  const now = useMinute()
  // Chosen once, when the values have arrived: a new value must not move the others out of sight.
  const first = useRef<Period | undefined>(undefined)
  if (chart.record.journalsComplete && readings.length > 0) first.current ??= firstPeriod(readings, now)
  const period = chosen ?? first.current ?? '24h'
  const inPeriod = useMemo(() => within(readings, period, now), [readings, period, now])
  const plottable = inPeriod.some(isPlotted)
  const latest = readings[0]
  const oldest = readings.filter((r) => r.measure !== 'weight').at(-1)
  const from = period === 'all' ? (oldest?.ms ?? now) - dayMs / 4 : now - lengthOf(period)

  return (
    <Card
      title={t('vitals.title')}
      add={{ label: t('vitals.add'), onAdd }}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={t('vitals.rangesLabel')}
          data={periods.map((value) => ({ value, label: t(`vitals.ranges.${value}`) }))}
          value={period}
          onChange={setChosen}
        />
      }
    >
      {!latest && <Nothing title={t(chart.record.journalsComplete ? 'vitals.none' : 'vitals.loading')} />}
      {latest && inPeriod.length === 0 && (
        <Nothing title={t('vitals.noneIn', { when: when(latest.at) })}>
          <Button variant="default" size="compact-sm" mt={8} onClick={() => setChosen('all')}>
            {t('vitals.showAll')}
          </Button>
        </Nothing>
      )}
      {plottable && <VitalsPlot readings={readings} inPeriod={inPeriod} from={from} to={now} adult={adult} />}
      {plottable && <p className={classes.bands}>{t(adult ? 'vitals.bands' : 'vitals.bandsNot')}</p>}
      {inPeriod.length > 0 && (
        <VitalsTable readings={readings} inPeriod={inPeriod} adult={adult} onCorrect={props.onCorrect} />
      )}
      <OlderYears chart={chart} />
    </Card>
  )
}

function isPlotted(reading: Reading): boolean {
  return reading.measure !== 'weight' && !reading.struck && reading.value !== undefined
}

function lengthOf(period: Exclude<Period, 'all'>): number {
  return { '24h': 1, '7d': 7, '30d': 30 }[period] * dayMs
}
