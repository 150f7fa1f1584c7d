import { globSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../entries/canonical.ts'
import type { CommittedEntry } from '../entries/entry.ts'
import { nextLamport, subjectsOf } from '../entries/heads.ts'
import { committed, stateOf } from '../testing/committed.ts'
import { readImport } from './bundle.ts'
import { decompose } from './decompose.ts'
import { resourceOf } from './present.ts'
import type { FhirResource } from './resource.ts'
import { statementOf } from './statement.ts'

const drug = (status: string, more = {}): FhirResource => ({
  resourceType: 'MedicationRequest',
  id: 'm1',
  status,
  intent: 'order',
  medicationCodeableConcept: { text: 'Warfarin' },
  subject: { reference: 'Patient/p1' },
  ...more,
})

/** A region that takes what sources say, and remembers. */
function createRegion() {
  const entries: CommittedEntry[] = []
  const commit = (told: Parameters<typeof committed>[0]) => {
    const seq = entries.length + 1
    const lamport = nextLamport(entries)
    const entry = committed({
      lamport,
      deviceSeq: seq,
      ...told,
      commits: [{ origin: 'frankfurt.1', seq, epoch: 1 }],
    })
    entries.push(entry)
    return entry
  }
  const subjects = () => subjectsOf(entries)
  const hear = (resource: FhirResource, source: string) => {
    const subject = `${resource.resourceType}/${resource.id}`
    const said = statementOf(resource, subjects().get(subject), source)
    if (said.outcome === 'new' || said.outcome === 'changed')
      commit({ subject, source, aspects: said.aspects, supersedes: said.supersedes })
    return said
  }
  const show = (subject: string) => {
    const state = subjects().get(subject)
    return state && resourceOf(state)
  }
  return { entries, commit, subjects, hear, show }
}

describe('a source speaks for itself only', () => {
  it('CM11 the same statement again is no entry', () => {
    const region = createRegion()
    expect(region.hear(drug('active'), 'hospital').outcome).toBe('new')
    expect(region.hear(drug('active', { meta: { versionId: '9' }, text: { div: 'x' } }), 'hospital')).toEqual(
      {
        outcome: 'unchanged',
      },
    )
    expect(region.entries).toHaveLength(1)
  })

  it('CM11 of a changed statement only the aspects that changed are said, superseding the last of this source', () => {
    const region = createRegion()
    region.hear(drug('active'), 'hospital')
    const said = region.hear(drug('completed'), 'hospital')
    expect(said).toEqual({
      outcome: 'changed',
      aspects: { status: { status: 'completed' } },
      supersedes: [region.entries[0]?.id],
    })
    expect(region.hear(drug('completed'), 'hospital').outcome).toBe('unchanged')
    expect(region.hear(drug('active'), 'hospital')).toMatchObject({ supersedes: [region.entries[1]?.id] })
  })

  it('CM11 yesterday’s export, read in again, does not reactivate a drug that a clinician stopped', () => {
    const region = createRegion()
    region.hear(drug('active'), 'hospital')
    region.commit({
      subject: 'MedicationRequest/m1',
      aspects: { status: { status: 'stopped' } },
      supersedes: region.entries.map((e) => e.id),
    })
    expect(region.hear(drug('active'), 'hospital')).toEqual({ outcome: 'unchanged' })
    expect(region.show('MedicationRequest/m1')).toMatchObject({ status: 'stopped' })
  })

  it('CM11 a source never supersedes a clinician or another source', () => {
    const region = createRegion()
    region.hear(drug('active'), 'hospital')
    region.hear(drug('active'), 'clinic')
    region.commit({ subject: 'MedicationRequest/m1', aspects: { status: { status: 'on-hold' } } })
    const said = region.hear(drug('completed'), 'clinic')
    expect(said).toMatchObject({ outcome: 'changed', supersedes: [region.entries[1]?.id] })
    const heads = region.subjects().get('MedicationRequest/m1')?.heads.get('status') ?? []
    expect(heads.map((e) => e.entry.aspects['status']).sort()).toHaveLength(3)
  })

  it('CM11 two last statements of one source, heard in two regions, differ: both are superseded', () => {
    const region = createRegion()
    const first = region.commit({
      subject: 'MedicationRequest/m1',
      source: 's',
      aspects: { status: { status: 'active' } },
    })
    const second = region.commit({
      subject: 'MedicationRequest/m1',
      source: 's',
      aspects: { status: { status: 'draft' } },
    })
    const said = region.hear(drug('active'), 's')
    expect(said).toMatchObject({ outcome: 'changed', supersedes: [first.id, second.id].sort() })
    expect(region.hear(drug('active'), 's').outcome).toBe('unchanged')
  })

  it('CM11 what is absent in a later statement of the same source is removed, and can come back', () => {
    const region = createRegion()
    const allergy = (reaction: Json[]): FhirResource => ({
      resourceType: 'AllergyIntolerance',
      id: 'a1',
      patient: { reference: 'Patient/p1' },
      criticality: 'high',
      ...(reaction.length > 0 ? { reaction } : {}),
    })
    const [rash, shock] = [{ severity: 'mild' }, { severity: 'severe' }]
    region.hear(allergy([rash, shock]), 's')
    const removed = region.hear(allergy([shock]), 's')
    expect(removed.outcome === 'changed' && Object.values(removed.aspects)).toEqual([null, null])
    expect(region.show('AllergyIntolerance/a1')?.['reaction']).toEqual([shock])
    expect(region.hear(allergy([shock]), 's').outcome).toBe('unchanged')
    expect(region.hear(allergy([]), 's').outcome).toBe('changed')
    expect(region.show('AllergyIntolerance/a1')).not.toHaveProperty('reaction')
    region.hear(allergy([shock, rash]), 's')
    expect(region.show('AllergyIntolerance/a1')?.['reaction']).toEqual([shock, rash])
  })

  it('FH29 the code of an allergy and the patient of a resource cannot be changed by anybody', () => {
    const region = createRegion()
    const allergy = (text: string, patient = 'p1', more = {}): FhirResource => ({
      resourceType: 'AllergyIntolerance',
      id: 'a1',
      code: { text },
      patient: { reference: `Patient/${patient}` },
      ...more,
    })
    region.hear(allergy('Penicillin'), 's')
    for (const source of ['s', 'other']) {
      expect(region.hear(allergy('Latex'), source)).toMatchObject({
        outcome: 'refused',
        detail: expect.stringMatching(/anew/),
      })
      expect(region.hear(allergy('Penicillin', 'p2'), source)).toMatchObject({
        outcome: 'refused',
        detail: expect.stringMatching(/another patient/),
      })
      const { code, ...without } = allergy('Penicillin')
      expect(code).toBeDefined()
      expect(region.hear(without as FhirResource, source)).toMatchObject({ outcome: 'refused' })
    }
    expect(region.hear(allergy('Penicillin', 'p1', { criticality: 'low' }), 's')).toMatchObject({
      outcome: 'changed',
      aspects: { criticality: { criticality: 'low' } },
    })
    const condition = (text: string): FhirResource => ({
      resourceType: 'Condition',
      id: 'c',
      code: { text },
      subject: { reference: 'Patient/p1' },
    })
    region.hear(condition('Cough'), 's')
    expect(region.hear(condition('Pneumonia'), 's').outcome).toBe('changed')
  })

  it('FH30 what no entry can hold is refused, in words', () => {
    expect(statementOf(drug('active', { note: 'x'.repeat(70_000) }), undefined, 's')).toMatchObject({
      outcome: 'refused',
      detail: expect.stringMatching(/too large/),
    })
    const telecom = Array.from({ length: 300 }, (_, i) => ({ value: String(i) }))
    expect(statementOf({ resourceType: 'Patient', id: 'p1', telecom }, undefined, 's')).toMatchObject({
      outcome: 'refused',
      detail: expect.stringMatching(/too many/),
    })
  })

  it('CM11 an aspect with a name that every object has is compared like any other', () => {
    const said = committed({ source: 's', aspects: { constructor: 1 } })
    const again = committed({ source: 's', aspects: { rest: 1 }, supersedes: [said.id] })
    const resource: FhirResource = {
      resourceType: 'AllergyIntolerance',
      id: 'a1',
      patient: { reference: 'Patient/p1' },
    }
    expect(statementOf(resource, stateOf([said, again]), 's')).toMatchObject({
      aspects: { constructor: null, rest: { patient: { reference: 'Patient/p1' } } },
      supersedes: [said.id, again.id].sort(),
    })
  })

  it('CM11 whatever several sources say in whatever order, each one’s last word stands among the heads', () => {
    const step = fc.record({
      source: fc.constantFrom('hospital', 'clinic'),
      status: fc.constantFrom('active', 'stopped', 'completed'),
      note: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const region = createRegion()
        const last = new Map<string, FhirResource>()
        for (const { source, status, note } of steps) {
          const resource = drug(status, note === undefined ? {} : { dosageInstruction: [{ text: note }] })
          region.hear(resource, source)
          expect(region.hear(resource, source)).toEqual({ outcome: 'unchanged' })
          last.set(source, resource)
        }
        const state = region.subjects().get('MedicationRequest/m1')
        for (const [source, resource] of last)
          for (const [aspect, value] of decompose(resource).aspects) {
            const own = state?.heads.get(aspect)?.filter((e) => e.entry.source === source) ?? []
            expect(own.map((e) => e.entry.aspects[aspect])).toEqual([value])
          }
      }),
    )
  })

  const files = [...globSync('samples/*/*.json').slice(0, 3), ...globSync('../shared/data/fhir/K*.json')]
  it.each(files)('FH31 reading %s again adds no entry, by another source only its own', (file) => {
    const states = new Map<string, CommittedEntry[]>()
    const read = (source: string) => {
      const imported = readImport(JSON.parse(readFileSync(file, 'utf8')), source)
      if ('problem' in imported) throw new Error(imported.problem)
      return imported.resources.map(({ resource, type }) => {
        const subject = `${type}/${resource.id}`
        const known = states.get(subject) ?? []
        const document = decompose(resource).aspects.has('identity') ? `chart/${resource.id}` : 'group/g'
        const said = statementOf(resource, known.length > 0 ? stateOf(known) : undefined, source)
        if (said.outcome === 'new' || said.outcome === 'changed')
          states.set(subject, [
            ...known,
            committed({ document, subject, source, aspects: said.aspects, supersedes: said.supersedes }),
          ])
        return said.outcome
      })
    }
    expect(new Set(read('one'))).toEqual(new Set(['new']))
    expect(new Set(read('one'))).toEqual(new Set(['unchanged']))
    expect(new Set(read('two'))).toEqual(new Set(['new']))
    expect(new Set([...read('one'), ...read('two')])).toEqual(new Set(['unchanged']))
  })
})
