import { aligned } from '../aligned.ts'
import { percentile } from '../load/percentile.ts'

/** A line of the table. */
export type Line = {
  letter: string
  label: string
  unit: 'ms' | 's' | 'KB' | 'MB' | ''
  value: number
  /** No more than this is wanted. */
  wanted?: number
  /** The same of something that does nothing but this. */
  peer?: number
}

/** A middle and a high value of many, in ms. */
export function spread(
  letter: string,
  label: string,
  values: readonly number[],
  extra: { wanted?: number; peer?: readonly number[] } = {},
): Line[] {
  const { wanted, peer = [] } = extra
  const line = (name: string, share: number): Line => ({
    letter,
    label: name,
    unit: 'ms',
    value: percentile(values, share),
    ...(wanted !== undefined && share > 0.5 ? { wanted } : {}),
    ...(peer.length > 0 ? { peer: percentile(peer, share) } : {}),
  })
  return [line(`${label}, p95 of ${values.length}`, 0.95), line('  p50', 0.5)]
}

export function tableOf(lines: readonly Line[]): string {
  const head = ['', 'measured', 'wanted', '', 'bare', 'to bare']
  const rows = lines.map(({ letter, label, unit, value, wanted, peer }) => [
    `${label.startsWith(' ') ? '   ' : `(${letter})`} ${label}`,
    written(value, unit),
    wanted === undefined ? '' : `≤ ${written(wanted, unit)}`,
    wanted === undefined ? '' : value <= wanted ? 'reached' : 'missed',
    peer === undefined ? '' : written(peer, unit),
    peer === undefined || !(peer > 0) ? '' : `${(value / peer).toFixed(1)} ×`,
  ])
  return aligned([head, ...rows])
}

function written(value: number, unit: Line['unit']): string {
  if (Number.isNaN(value)) return 'none'
  const digits = unit === 's' || value < 10 ? 2 : value < 100 ? 1 : 0
  const number = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return unit === '' ? number : `${number} ${unit}`
}
