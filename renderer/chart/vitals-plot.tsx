import { useComputedColorScheme } from '@mantine/core'
import { LineChart } from 'echarts/charts'
import { AxisPointerComponent, GridComponent, MarkAreaComponent, TooltipComponent } from 'echarts/components'
import * as echarts from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { useContext, useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { oldSince, outsideBand, type Reading, unitOf } from './measures.ts'
import { ChartZone, useWhen, useWhenShort } from './use-when.tsx'
import classes from './vitals.module.css'
import { axisHeight, type PlotColours, plotOption, plotted, stripHeight } from './vitals-plot-option.ts'

echarts.use([
  LineChart,
  GridComponent,
  TooltipComponent,
  MarkAreaComponent,
  AxisPointerComponent,
  SVGRenderer,
])

/** The strips of the vitals with the latest value of each beside it, when it was measured, and how long ago. For reading by machine there is the table. */
export function VitalsPlot(props: {
  /** All readings that are loaded: the latest of each measure is told, whenever it was. */
  readings: readonly Reading[]
  inPeriod: readonly Reading[]
  from: number
  to: number
  adult: boolean
}) {
  const { t } = useTranslation()
  const when = useWhen()
  const short = useWhenShort()
  const timeZone = useContext(ChartZone)
  const scheme = useComputedColorScheme('light')
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<echarts.ECharts | undefined>(undefined)
  const { readings, inPeriod } = props
  const shown = useMemo(
    () => plotted.filter((m) => readings.some((r) => r.measure === m && !r.struck && r.value !== undefined)),
    [readings],
  )
  const height = shown.reduce((sum, measure) => sum + stripHeight(measure), axisHeight)

  useEffect(() => {
    if (!box.current) return
    const mine = echarts.init(box.current, undefined, { renderer: 'svg' })
    chart.current = mine
    const observer = new ResizeObserver(([entry]) => {
      // It is told of the size with which it was made, too.
      if (entry && Math.round(entry.contentRect.width) !== mine.getWidth()) mine.resize()
    })
    observer.observe(box.current)
    return () => {
      observer.disconnect()
      mine.dispose()
      chart.current = undefined
    }
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are those of the scheme
  useEffect(() => {
    if (!box.current || !chart.current) return
    const option = plotOption({
      readings: inPeriod,
      shown,
      from: props.from,
      to: props.to,
      timeZone,
      adult: props.adult,
      colours: coloursOf(box.current),
      words: { when, name: (measure) => t(`vitals.short.${measure}`) },
    })
    const grows = chart.current.getHeight() !== height
    chart.current.setOption(option, { notMerge: true, lazyUpdate: grows })
    // Draws it, once.
    if (grows) chart.current.resize({ height })
  }, [inPeriod, shown, props.from, props.to, props.adult, timeZone, scheme, when, t, height])

  return (
    <div className={classes.plot}>
      <ul className={classes.latest} aria-label={t('vitals.latest')}>
        {shown.map((measure) => {
          const reading = readings.find((r) => r.measure === measure && !r.struck && r.value !== undefined)
          if (!reading) return null
          const outside = outsideBand(reading, props.adult)
          const old = oldSince(reading.ms, props.to)
          return (
            <li key={measure} style={{ height: stripHeight(measure) }}>
              <span className={classes.measure}>{t(`vitals.measures.${measure}`)}</span>
              <span className={classes.value}>
                <strong data-outside={outside} data-old={old && true}>
                  {outside === 'above' ? '↑' : outside === 'below' ? '↓' : ''}
                  {reading.text}
                </strong>
                <span className={classes.unit}>{unitOf[measure]}</span>
                {old && (
                  <span className={classes.old}>{t(`vitals.old.${old.unit}`, { count: old.count })}</span>
                )}
              </span>
              <span className={classes.unit}>{short(reading.at, props.to)}</span>
            </li>
          )
        })}
      </ul>
      <div
        ref={box}
        className={classes.canvas}
        style={{ height }}
        role="img"
        aria-label={t('vitals.plotLabel')}
      />
    </div>
  )
}

function coloursOf(element: HTMLElement): PlotColours {
  const style = getComputedStyle(element)
  const of = (name: string) => style.getPropertyValue(name).trim()
  return {
    text: style.color,
    quiet: of('--quiet'),
    line: of('--line'),
    mark: of('--accent-text'),
    warn: of('--critical'),
    band: of('--band'),
    surface: of('--surface'),
  }
}
