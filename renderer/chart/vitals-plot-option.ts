import { formatDate } from '../../domain/display/dates.ts'
import { adultBand, type Measure, outsideBand, type Reading, unitOf } from './measures.ts'
import { offsetMinutes } from './zoned-time.ts'

/** Measures that are plotted, from top to bottom. Weight stands in the table only. */
export const plotted = [
  'bloodPressure',
  'heartRate',
  'oxygenSaturation',
  'temperature',
  'respiratoryRate',
] as const
export type Plotted = (typeof plotted)[number]

/** Height of a measure's strip in px. */
export const stripHeight = (measure: Measure): number => (measure === 'bloodPressure' ? 92 : 60)
export const axisHeight = 26
const stripPadding = 9

export type PlotColours = {
  text: string
  quiet: string
  line: string
  mark: string
  warn: string
  band: string
  surface: string
}
export type PlotWords = { when: (value: string) => string; name: (measure: Measure) => string }

/**
 * ECharts' option for strips one above the other over one time axis. Times are moved to the patient's zone, so that
 * the axis shows the clocks of the ward wherever the device stands. What is struck through is not plotted.
 */
export function plotOption(args: {
  readings: readonly Reading[]
  shown: readonly Plotted[]
  from: number
  to: number
  timeZone: string
  adult: boolean
  colours: PlotColours
  words: PlotWords
}) {
  const { shown, colours, timeZone } = args
  const wall = (ms: number) => ms + offsetMinutes(ms, timeZone) * 60_000
  const tops = topsOf(shown)
  const count = shown.length
  const longGap = (args.to - args.from) / 6
  const series = shown.flatMap((measure, at) => {
    const readings = args.readings
      .filter((r) => r.measure === measure && !r.struck && r.value !== undefined)
      .sort((a, b) => a.ms - b.ms)
    const band = args.adult ? adultBand[measure] : undefined
    const line = (
      value: (r: Reading) => number | undefined,
      name: string,
      symbol: string,
      rotate: number,
      marked: boolean,
    ) => ({
      type: 'line' as const,
      name,
      xAxisIndex: at,
      yAxisIndex: at,
      symbol,
      symbolRotate: rotate,
      symbolSize: readings.length > 120 ? 3 : symbol === 'circle' ? 6 : 8,
      lineStyle: { color: colours.mark, width: 1.25, opacity: 0.75 },
      itemStyle: { color: colours.mark },
      emphasis: { disabled: true },
      data: readings.flatMap((r, place) => [
        // A long gap is a gap: no line runs through it.
        ...(r.ms - (readings[place - 1]?.ms ?? r.ms) > longGap ? [{ value: [wall(r.ms) - 1, null] }] : []),
        {
          value: [wall(r.ms), value(r) ?? null],
          ...(marked && outsideBand(r, args.adult) ? { itemStyle: { color: colours.warn } } : {}),
        },
      ]),
      ...(marked && band
        ? {
            markArea: {
              silent: true,
              itemStyle: { color: colours.band },
              data: [[{ yAxis: band[0] }, { yAxis: band[1] }]],
            },
          }
        : {}),
    })
    return measure === 'bloodPressure'
      ? [
          line((r) => r.value, `${measure}.systolic`, 'triangle', 180, true),
          line((r) => r.diastolic, `${measure}.diastolic`, 'triangle', 0, false),
        ]
      : [line((r) => r.value, measure, 'circle', 0, true)]
  })

  return {
    useUTC: true,
    // A curve that moves while one reads it says nothing.
    animation: false,
    textStyle: { fontFamily: "'Inter Variable', sans-serif" },
    grid: shown.map((measure, at) => ({
      left: 34,
      right: 12,
      top: (tops[at] ?? 0) + stripPadding,
      height: stripHeight(measure) - 2 * stripPadding,
    })),
    xAxis: shown.map((_, at) => ({
      type: 'time' as const,
      gridIndex: at,
      min: wall(args.from),
      max: wall(args.to),
      axisLine: { show: false },
      axisTick: { show: at === count - 1, lineStyle: { color: colours.line } },
      splitLine: { show: true, lineStyle: { color: colours.line, width: 1 } },
      axisLabel: {
        show: at === count - 1,
        color: colours.quiet,
        fontSize: 11,
        hideOverlap: true,
        formatter: (value: number) => axisLabel(value, args.to - args.from),
      },
      axisPointer: { show: true, lineStyle: { color: colours.quiet }, label: { show: false } },
    })),
    yAxis: shown.map((measure, at) => ({
      type: 'value' as const,
      gridIndex: at,
      ...axisRange(measure, args.readings, args.adult),
      splitNumber: 2,
      axisLabel: { color: colours.quiet, fontSize: 10, showMinLabel: false },
      splitLine: { show: false },
    })),
    axisPointer: { link: [{ xAxisIndex: 'all' as const }] },
    tooltip: {
      trigger: 'axis' as const,
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { color: colours.text, fontSize: 12 },
      formatter: (params: unknown) => tooltipText(params, args, wall),
    },
    series,
  }
}

/** Distance of each strip from the top, in px. */
export function topsOf(shown: readonly Measure[]): number[] {
  let top = 0
  return shown.map((measure) => {
    const mine = top
    top += stripHeight(measure)
    return mine
  })
}

/** An axis that holds all values and the band, with some air, at whole steps. */
function axisRange(
  measure: Plotted,
  readings: readonly Reading[],
  adult: boolean,
): { min: number; max: number; interval: number } {
  const values = readings
    .filter((r) => r.measure === measure && !r.struck)
    .flatMap((r) => [r.value, r.diastolic])
    .filter((v) => v !== undefined)
  const band = adult ? adultBand[measure] : undefined
  // The upper end of the systolic band is so high that it would press the curve flat.
  const wanted = [...values, ...(band ? [band[0], measure === 'bloodPressure' ? band[0] : band[1]] : [])]
  const step = measure === 'temperature' ? 1 : measure === 'oxygenSaturation' ? 5 : 20
  const low = Math.min(...wanted)
  const high = Math.max(...wanted)
  const lowest = Math.max(0, Math.floor((low - step * 0.25) / step) * step)
  const highest = measure === 'oxygenSaturation' ? 100 : Math.ceil((high + step * 0.25) / step) * step
  // Two or three labels at equal distances, the last one at the top.
  const interval = Math.max(1, Math.ceil((highest - lowest) / step / 2)) * step
  return measure === 'oxygenSaturation'
    ? { min: 100 - 2 * interval, max: 100, interval }
    : { min: lowest, max: lowest + 2 * interval, interval }
}

const hourMs = 3_600_000

/** `14:00`, at midnight `24-Nov`; over more than two days `24-Nov`; over more than ten months `Nov-2026`. */
function axisLabel(wall: number, span: number): string {
  const text = new Date(wall).toISOString()
  const day = formatDate(text.slice(0, 10))
  if (span > 300 * 24 * hourMs) return formatDate(text.slice(0, 7))
  if (span > 50 * hourMs) return day.slice(0, 6)
  return text.slice(11, 16) === '00:00' ? day.slice(0, 6) : text.slice(11, 16)
}

function tooltipText(
  params: unknown,
  args: { readings: readonly Reading[]; shown: readonly Plotted[]; words: PlotWords },
  wall: (ms: number) => number,
): string {
  const first = Array.isArray(params) ? params[0] : params
  const at = (first as { axisValue?: unknown } | undefined)?.axisValue
  if (typeof at !== 'number') return ''
  const here = args.readings.filter((r) => !r.struck && Math.abs(wall(r.ms) - at) < 30_000)
  const [one] = here
  if (!one) return ''
  const lines = args.shown.flatMap((measure) => {
    const reading = here.find((r) => r.measure === measure)
    return reading
      ? `${args.words.name(measure)} <b>${Number(reading.value)}${reading.diastolic === undefined ? '' : `/${Number(reading.diastolic)}`}</b> ${unitOf[measure]}`
      : []
  })
  return [args.words.when(one.at), ...lines].join('<br>')
}
