import type { FhirResource } from '../../../domain/fhir/resource.ts'
import { type PatientRecord, placeInRecord } from '../../documents/patient-record.ts'
import { mustBeUpgraded, outcomeOf } from './outcome.ts'

/**
 * Searchset Bundles, page by page. A cursor names the last resource of the page before, not a position: what comes in
 * meanwhile moves nothing, and no resource is left out or told twice.
 */

type Page = {
  resources: readonly FhirResource[]
  /** Place of each resource in the order of the pages. */
  placeOf(resource: FhirResource): string
  /** Resources on one page; 0 asks for the total only. */
  count: number
  base: string
  self: URL
  mode: 'match' | 'include'
  /** Resources that are left out, because this version does not understand all that was stated about them. */
  unread?: readonly string[]
}

const cursorParameter = '_cursor'

/** `resources` are all that were found, in the order of their places. */
export function searchset({ resources, placeOf, count, base, self, mode, unread = [] }: Page) {
  const after = decodeCursor(self.searchParams.get(cursorParameter))
  const rest = after === undefined ? resources : resources.filter((r) => placeOf(r) > after)
  const page = rest.slice(0, count)
  const last = page.at(-1)
  const next = last && page.length < rest.length ? nextPage(self, base, placeOf(last)) : undefined
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: resources.length,
    link: [
      { relation: 'self', url: onBase(self, base).href },
      ...(next === undefined ? [] : [{ relation: 'next', url: next }]),
    ],
    // FHIR has no empty arrays.
    ...(page.length === 0 && unread.length === 0
      ? {}
      : {
          entry: [
            ...page.map((resource) => ({
              fullUrl: `${base}/${resource.resourceType}/${resource.id}`,
              resource,
              search: { mode },
            })),
            // On every page, so that nobody takes one for the whole.
            ...(unread.length === 0 ? [] : [{ resource: leftOut(unread), search: { mode: 'outcome' } }]),
          ],
        }),
  }
}

function leftOut(unread: readonly string[]) {
  return outcomeOf(
    unread.map((subject) => ({
      severity: 'warning',
      code: 'not-supported',
      diagnostics: `${subject} is left out: ${mustBeUpgraded}`,
    })),
  )
}

/** One page of a patient's record. */
export function pageOfRecord(
  { resources, unread }: PatientRecord,
  { count, base, self }: Pick<Page, 'count' | 'base' | 'self'>,
) {
  const placeOf = (r: FhirResource) => placeInRecord(`${r.resourceType}/${r.id}`)
  return searchset({ resources, unread, placeOf, count, base, self, mode: 'match' })
}

/** `_count` of a request: a whole number, at most `most`; `usual` if nobody asks; undefined if it is no number. */
export function countOf(asked: string | undefined, usual: number, most: number): number | undefined {
  if (asked === undefined) return usual
  return /^[0-9]{1,9}$/.test(asked) ? Math.min(Number(asked), most) : undefined
}

function nextPage(self: URL, base: string, place: string): string {
  const next = onBase(self, base)
  next.searchParams.set(cursorParameter, Buffer.from(place).toString('base64url'))
  return next.href
}

function onBase(self: URL, base: string): URL {
  return new URL(`${self.pathname}${self.search}`, base)
}

function decodeCursor(cursor: string | null): string | undefined {
  return cursor === null ? undefined : Buffer.from(cursor, 'base64url').toString()
}
