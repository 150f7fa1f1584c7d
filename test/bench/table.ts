import { aligned } from './aligned.ts'
import { median } from './load/percentile.ts'
import { type Metric, metrics } from './metrics.ts'
import type { Run } from './rounds.ts'
import { type ServerName, serverNames } from './servers/server.ts'

/** The medians of all rounds, a line for each metric. */
export type Line = {
  metric: Metric
  medians: { [server in ServerName]?: number }
  /** This server's median to that of the best of the others: above 1 is better, whichever way the metric runs. */
  ratio: number | undefined
  reached: boolean | undefined
}

export function linesOf(runs: readonly Run[]): Line[] {
  return metrics.flatMap((metric) => {
    const medians: Line['medians'] = {}
    for (const server of serverNames) {
      const values = runs.flatMap((run) =>
        run.server === server && 'values' in run ? (run.values[metric.name] ?? []) : [],
      )
      if (values.length > 0) medians[server] = median(values)
    }
    if (Object.keys(medians).length === 0) return []
    return { metric, medians, ratio: ratioOf(metric, medians), reached: isReached(metric, medians.meridian) }
  })
}

export function tableOf(lines: readonly Line[]): string {
  const head = ['', ...serverNames, 'to the best', 'wanted', '']
  const rows = lines.map(({ metric, medians, ratio, reached }) => [
    `${metric.label.startsWith(' ') ? '   ' : `(${metric.letter})`} ${metric.label}`,
    ...serverNames.map((server) => written(metric, medians[server])),
    ratio === undefined ? '' : `${ratio.toFixed(2)} ×`,
    metric.target === undefined
      ? ''
      : `${metric.better === 'more' ? '≥' : '≤'} ${written(metric, metric.target)}`,
    reached === undefined ? '' : reached ? 'reached' : 'missed',
  ])
  return aligned([head, ...rows])
}

function ratioOf({ better }: Metric, { meridian, ...others }: Line['medians']): number | undefined {
  const values = Object.values(others)
  if (meridian === undefined || values.length === 0) return undefined
  const ratio = better === 'more' ? meridian / Math.max(...values) : Math.min(...values) / meridian
  return Number.isFinite(ratio) ? ratio : undefined
}

function isReached({ target, better }: Metric, value: number | undefined): boolean | undefined {
  if (target === undefined || value === undefined) return undefined
  return better === 'more' ? value >= target : value <= target
}

function written({ digits, unit }: Metric, value: number | undefined): string {
  if (value === undefined) return ''
  const number = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return unit === '' || unit.startsWith('/') ? `${number}${unit}` : `${number} ${unit}`
}
