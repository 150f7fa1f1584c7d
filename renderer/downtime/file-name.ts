import { localDateTime } from '../chart/zoned-time.ts'

/** The name that is suggested for a pack: when it was made by this device's clock, and nothing about any patient. */
export function packName(ms: number): string {
  const [date = '', time = ''] = localDateTime(ms).split('T')
  return `meridian-downtime-${date}-${time.slice(0, 5).replace(':', '')}`
}
