import { ActionIcon, Button, VisuallyHidden } from '@mantine/core'
import { IconPencil } from '@tabler/icons-react'
import { Fragment, useContext, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { formatDate } from '../../domain/display/dates.ts'
import { Rung } from '../status/rung.tsx'
import { measures, momentsOf, outsideBand, type Reading, unitOf } from './measures.ts'
import { ErrorLine } from './provenance.tsx'
import { ChartZone, timeText, useWhen } from './use-when.tsx'
import classes from './vitals.module.css'
import { deviceZone } from './zoned-time.ts'

const firstRows = 8

/** The same values as the plot, latest first, with what was entered in error struck through, by whom and when. */
export function VitalsTable(props: {
  /** All readings that are loaded: they decide which columns there are. */
  readings: readonly Reading[]
  inPeriod: readonly Reading[]
  adult: boolean
  /** Subjects of the readings of one moment. */
  onCorrect: (subjects: readonly string[]) => void
}) {
  const { readings, adult } = props
  const { t } = useTranslation()
  const when = useWhen()
  const timeZone = useContext(ChartZone)
  const [all, setAll] = useState(false)
  const moments = momentsOf(props.inPeriod)
  const columns = measures.filter((measure) => readings.some((r) => r.measure === measure))
  const rows = all ? moments : moments.slice(0, firstRows)
  const dayOf = (at: string | undefined) => at && formatDate(at, timeZone)
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className={classes.scroll} tabIndex={0} aria-label={t('vitals.table')}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">{t('vitals.time')}</th>
              {columns.map((measure) => (
                <th key={measure} scope="col">
                  {t(`vitals.short.${measure}`)} <span className={classes.unit}>{unitOf[measure]}</span>
                </th>
              ))}
              <th scope="col" className={classes.correct}>
                <VisuallyHidden>{t('correctVitals.column')}</VisuallyHidden>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, at, readings: row }, place) => (
              <Fragment key={key}>
                {dayOf(rows[place - 1]?.at) !== dayOf(at) && (
                  <tr className={classes.day}>
                    <th scope="rowgroup" colSpan={columns.length + 2}>
                      {dayOf(at)}
                    </th>
                  </tr>
                )}
                <tr data-on-its-way={row.some((r) => r.item.onItsWay) || undefined}>
                  <th scope="row">
                    {timeText(at, timeZone, deviceZone()) || t('vitals.noTime')}{' '}
                    <Rung ids={row.flatMap((r) => r.item.mine)} />
                  </th>
                  {columns.map((measure) => (
                    <td key={measure}>
                      {row
                        .filter((r) => r.measure === measure)
                        .map((reading) => (
                          <Cell key={reading.item.subject} reading={reading} adult={adult} />
                        ))}
                    </td>
                  ))}
                  <td className={classes.correct}>
                    {row.some((r) => r.status !== 'entered-in-error') && (
                      <ActionIcon
                        size={24}
                        variant="subtle"
                        color="gray"
                        aria-label={t('correctVitals.open', { when: when(at) })}
                        title={t('correctVitals.title')}
                        onClick={() => props.onCorrect(row.map((r) => r.item.subject))}
                      >
                        <IconPencil size={14} aria-hidden />
                      </ActionIcon>
                    )}
                  </td>
                </tr>
                {row
                  .filter((r) => r.status === 'entered-in-error')
                  .map((reading) => (
                    <tr key={reading.item.subject} className={classes.error}>
                      <td colSpan={columns.length + 2}>
                        {t(`vitals.short.${reading.measure}`)} <s>{reading.text ?? t('vitals.noValue')}</s>
                        <ErrorLine item={reading.item} aspect="status" />
                      </td>
                    </tr>
                  ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </section>
      {moments.length > firstRows && (
        <Button variant="subtle" size="compact-sm" mx={10} my={6} onClick={() => setAll(!all)}>
          {all ? t('chart.less') : t('vitals.more', { count: moments.length - firstRows })}
        </Button>
      )}
    </>
  )
}

const told = ['preliminary', 'amended', 'corrected', 'cancelled', 'registered', 'unknown'] as const

function Cell({ reading, adult }: { reading: Reading; adult: boolean }) {
  const { t } = useTranslation()
  const outside = outsideBand(reading, adult)
  const status = told.find((code) => code === reading.status)
  return (
    <div>
      {reading.struck ? (
        <s className={classes.struck}>{reading.text ?? t('vitals.noValue')}</s>
      ) : (
        <span data-outside={outside} title={outside && t('vitals.outside')} className={classes.number}>
          {outside === 'above' ? '↑' : outside === 'below' ? '↓' : ''}
          {reading.text ?? t('vitals.noValue')}
        </span>
      )}
      {status && <span className={classes.status}> {t(`vitals.statuses.${status}`)}</span>}
    </div>
  )
}
