import { z } from 'zod'

/**
 * Rows of the outbox that cannot be read, as a file for whoever may still make something of them. Their bytes are sealed
 * as they were on the device, and open with its keys only; nothing else is known of them.
 */
export const damagedFileShape = z.strictObject({
  format: z.literal('meridian-damaged-rows'),
  version: z.literal(1),
  made: z.iso.datetime(),
  rows: z.array(z.strictObject({ order: z.int(), key: z.string(), sealed: z.base64() })),
})

export function damagedFile(rows: z.infer<typeof damagedFileShape>['rows'], now: number): string {
  const file: z.infer<typeof damagedFileShape> = {
    format: 'meridian-damaged-rows',
    version: 1,
    made: new Date(now).toISOString(),
    rows,
  }
  return `${JSON.stringify(file, null, 2)}\n`
}
