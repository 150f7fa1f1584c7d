import { z } from 'zod'

const shape = z.object({ organisation: z.string().min(1) })

/**
 * The organisation for which a token speaks: entries must name the same one. Read, not verified: the region that gave
 * the token verifies it at every use.
 */
export function organisationIn(token: string): string | undefined {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0))
    const parsed = shape.safeParse(JSON.parse(new TextDecoder().decode(bytes)))
    return parsed.success ? parsed.data.organisation : undefined
  } catch {
    return undefined
  }
}
