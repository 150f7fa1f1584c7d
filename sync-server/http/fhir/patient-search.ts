import {
  asList,
  asObject,
  asObjects,
  asText,
  type FhirResource,
  isResource,
} from '../../../domain/fhir/resource.ts'
import type { PatientSummary } from '../../store/ports.ts'

/**
 * `GET /fhir/R4/Patient`: search by name (begins with, whatever case and accents; `:exact`, `:contains`), identifier
 * (`value`, `system|value`, `|value`), birthdate (`2001`, `ge2001-05` …) and `_id`. A comma means or, a parameter that is
 * repeated means and.
 */

export type Found = {
  resources: FhirResource[]
  /** Patients about whom something was stated that this version does not understand: whether they fit nobody can say. */
  unread: string[]
  placeOf(resource: FhirResource): string
}
type Test = (patient: FhirResource) => boolean

/** Parameters about the answer rather than the patients. */
const aboutTheAnswer = ['_count', '_cursor', '_format', '_pretty', '_total']

export function searchPatients(
  patients: Iterable<PatientSummary>,
  parameters: URLSearchParams,
  strict: boolean,
): Found | { problem: string } {
  const tests: Test[] = []
  for (const [parameter, value] of parameters) {
    const [name = '', modifier] = parameter.split(':')
    if (aboutTheAnswer.includes(name)) continue
    const makeTest = Object.hasOwn(criteria, name) ? criteria[name] : undefined
    if (!makeTest) {
      if (strict) return { problem: 'patients are searched by name, identifier, birthdate and _id' }
      continue
    }
    const alternatives = value.split(',').map((part) => makeTest(part.trim(), modifier))
    const known = alternatives.filter((test) => test !== undefined)
    if (known.length !== alternatives.length)
      return { problem: `${name}: this value or modifier is not supported; metadata says what is` }
    tests.push((patient) => known.some((test) => test(patient)))
  }
  const resources: FhirResource[] = []
  const unread: string[] = []
  for (const { id, resource, incomplete } of patients)
    if (incomplete) unread.push(`Patient/${id}`)
    else if (isResource(resource) && tests.every((test) => test(resource))) resources.push(resource)
  const placeOf = (patient: FhirResource) => `${folded(familyOf(patient))}\u0000${patient.id}`
  resources.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
  return { resources, unread, placeOf }
}

/** A test for one value of a parameter; undefined if value or modifier is not supported. */
const criteria: { [parameter: string]: (value: string, modifier?: string) => Test | undefined } = {
  name: nameTest,
  identifier: (value, modifier) => (modifier === undefined ? identifierTest(value) : undefined),
  birthdate: (value, modifier) => (modifier === undefined ? birthdateTest(value) : undefined),
  _id: (value, modifier) => (modifier === undefined ? (patient) => patient.id === value : undefined),
}

function nameTest(value: string, modifier?: string): Test | undefined {
  const wanted = folded(value)
  switch (modifier) {
    case undefined:
      // Also by the words of a part: "van der Berg" is found by "berg".
      return (patient) =>
        namesOf(patient).some((part) => {
          const name = folded(part)
          return name.startsWith(wanted) || name.includes(` ${wanted}`)
        })
    case 'contains':
      return (patient) => namesOf(patient).some((part) => folded(part).includes(wanted))
    case 'exact':
      return (patient) => namesOf(patient).includes(value)
    default:
      return undefined
  }
}

function namesOf(patient: FhirResource): string[] {
  return asObjects(patient['name']).flatMap((name) =>
    [
      name['family'],
      name['text'],
      ...asList(name['given']),
      ...asList(name['prefix']),
      ...asList(name['suffix']),
    ].flatMap((part) => asText(part) ?? []),
  )
}

function familyOf(patient: FhirResource): string {
  const name = asObject(asList(patient['name'])[0])
  return asText(name?.['family']) ?? asText(name?.['text']) ?? ''
}

/** Lower case, without accents: `Ørsted` and `Łoś` too, which do not come apart by themselves. */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ø', 'o')
    .replaceAll('ł', 'l')
    .replaceAll('đ', 'd')
    .replaceAll('ß', 'ss')
    .replaceAll('æ', 'ae')
    .replaceAll('œ', 'oe')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function identifierTest(value: string): Test | undefined {
  const bar = value.indexOf('|')
  const system = bar < 0 ? undefined : value.slice(0, bar)
  const wanted = value.slice(bar + 1)
  return (patient) =>
    asObjects(patient['identifier']).some((identifier) => {
      const own = asText(identifier['system'])
      const fits = system === undefined || (system === '' ? own === undefined : own === system)
      return fits && (wanted === '' ? system !== undefined : asText(identifier['value']) === wanted)
    })
}

/** A birth date is compared as the span of days that it stands for, as FHIR asks. */
function birthdateTest(value: string): Test | undefined {
  const [, prefix = 'eq', date = ''] = /^([a-z]{2})?(\d{4}(?:-\d{2}(?:-\d{2})?)?)$/.exec(value) ?? []
  const compare = comparisons[prefix]
  const wanted = spanOf(date)
  if (!compare || !wanted) return undefined
  return (patient) => {
    const born = spanOf(asText(patient['birthDate']) ?? '')
    return born !== undefined && compare(born, wanted)
  }
}

type Span = { first: string; last: string }

function spanOf(date: string): Span | undefined {
  if (!/^\d{4}(?:-\d{2}(?:-\d{2})?)?$/.test(date)) return undefined
  // Days are compared as text; no month has a day beyond 31.
  return {
    first: `${date}${'-01-01'.slice(date.length - 4)}`,
    last: `${date}${'-12-31'.slice(date.length - 4)}`,
  }
}

const comparisons: { [prefix: string]: (born: Span, wanted: Span) => boolean } = {
  eq: (born, wanted) => born.first >= wanted.first && born.last <= wanted.last,
  ne: (born, wanted) => !(born.first >= wanted.first && born.last <= wanted.last),
  gt: (born, wanted) => born.last > wanted.last,
  lt: (born, wanted) => born.first < wanted.first,
  ge: (born, wanted) => born.last >= wanted.first,
  le: (born, wanted) => born.first <= wanted.last,
}
