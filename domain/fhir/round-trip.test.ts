import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, type Json, type JsonObject, jsonProblem } from '../entries/canonical.ts'
import { entryLimits, isParsedEntry, parseEntry } from '../entries/entry.ts'
import { committed, stateOf } from '../testing/committed.ts'
import { aspectTable } from './aspect-table.ts'
import { readImport } from './bundle.ts'
import { compose } from './compose.ts'
import { decompose } from './decompose.ts'
import { keptTypes } from './kept.ts'
import { patientIdOf } from './patient-of-resource.ts'
import { documentFor } from './place.ts'
import { resourceOf } from './present.ts'
import type { FhirResource } from './resource.ts'
import { shapeProblem } from './shape.ts'
import { statementOf } from './statement.ts'

const shared = '../shared/data/fhir'
const bundles = [...globSync(`${shared}/*.json`), ...globSync('samples/*/*.json')].sort()
if (!existsSync(shared)) console.log(`${shared} is absent: the round trip runs on the samples alone`)
const read = (file: string) =>
  JSON.parse(readFileSync(file, 'utf8')) as { entry: { resource: FhirResource }[] }

/** What is kept of a resource, said once more by hand: all but text, meta.versionId and meta.lastUpdated. */
function kept(resource: unknown): JsonObject {
  const copy = JSON.parse(JSON.stringify(resource)) as JsonObject
  delete copy['text']
  const meta = copy['meta']
  if (typeof meta === 'object' && meta !== null && !Array.isArray(meta)) {
    const generated = 'versionId' in meta || 'lastUpdated' in meta
    delete meta['versionId']
    delete meta['lastUpdated']
    if (generated && Object.keys(meta).length === 0) delete copy['meta']
  }
  return copy
}

/** Through aspects, and through the text of an entry, and back. */
function returned(resource: FhirResource): FhirResource {
  const { subject, aspects } = decompose(resource)
  const stored = JSON.parse(canonicalJson(Object.fromEntries(aspects))) as JsonObject
  return compose(subject, new Map(Object.entries(stored)))
}

describe('FHIR round trip', () => {
  it.each(bundles.map((file) => [basename(file), file]))('FH1 loses no element of %s', (_, file) => {
    const bundle = read(file)
    const imported = readImport(bundle, 'test')
    if ('problem' in imported) throw new Error(imported.problem)
    expect(imported.refused).toEqual([])
    expect(imported.resources.length).toBeGreaterThan(20)
    const left = [...imported.leftAside.values()].reduce((a, b) => a + b, 0)
    expect(imported.resources.length + left).toBe(bundle.entry.length)
    for (const { place, resource } of imported.resources) {
      expect(returned(resource)).toEqual(kept(resource))
      const came = bundle.entry[Number(/\d+/.exec(place)?.[0])]?.resource
      // Nothing but references differs from what came: those to kept resources say Type/id.
      expect(withoutReferences(returned(resource))).toEqual(withoutReferences(kept(came)))
    }
  })

  it.each(bundles.map((file) => [basename(file), file]))(
    'FH2 gives %s back as it was, by entries',
    (_, file) => {
      const imported = readImport(read(file), 'test')
      if ('problem' in imported) throw new Error(imported.problem)
      for (const { resource, type } of imported.resources) {
        const said = statementOf(resource, undefined, 'test')
        if (said.outcome !== 'new') throw new Error(said.outcome)
        const patient = patientIdOf(resource)
        if (patient === undefined) throw new Error(`a ${type} without a patient`)
        const told = committed({
          document: documentFor(resource, patient),
          subject: `${type}/${resource.id}`,
          aspects: said.aspects,
          source: 'test',
        })
        const parsed = parseEntry(told.entry)
        if (!isParsedEntry(parsed)) throw new Error(parsed.detail)
        expect(parsed.canonical.length).toBeLessThan(entryLimits.entryBytes)
        const shown = resourceOf(stateOf([{ ...told, entry: parsed.entry }]))
        expect(kept(shown)).toEqual(kept(resource))
        expect(shapeProblem({ ...shown, resourceType: type })).toBeUndefined()
      }
    },
  )

  it('FH3 loses nothing of any JSON under any element: unknown ones, _x, contained, odd lists', () => {
    fc.assert(
      fc.property(anyResource, (resource) => {
        fc.pre(jsonProblem(resource) === undefined)
        expect(returned(resource)).toEqual(kept(resource))
      }),
      { numRuns: 500 },
    )
  })

  it('FH4 a resource of a type that has no row goes into one aspect and comes back', () => {
    const note = {
      resourceType: 'DocumentReference',
      id: 'd1',
      status: 'current',
      content: [{ a: 1 }, { a: 1 }],
    }
    expect([...decompose(note).aspects.keys()]).toEqual(['rest'])
    expect(returned(note)).toEqual(note)
    expect(returned({ resourceType: 'Basic', id: 'b' })).toEqual({ resourceType: 'Basic', id: 'b' })
  })

  it('FH5 what is composed has equal bytes, whatever the order in which its aspects are known', () => {
    fc.assert(
      fc.property(anyResource, (resource) => {
        fc.pre(jsonProblem(resource) === undefined)
        const { subject, aspects } = decompose(resource)
        const turned = new Map([...aspects].reverse())
        expect(JSON.stringify(compose(subject, turned))).toBe(JSON.stringify(compose(subject, aspects)))
      }),
    )
  })
})

const json = fc
  .jsonValue({ stringUnit: 'grapheme', maxDepth: 3 })
  .map((v) => JSON.parse(JSON.stringify(v)) as Json)
const item = fc.record(
  { id: fc.constantFrom('a', 'a.2', 'b', 'not valid', 'x'.repeat(64)), text: fc.constantFrom('x', 'y') },
  { requiredKeys: [] },
)
const elementNames = [
  ...new Set(
    Object.values(aspectTable).flatMap((row) => [...Object.values(row.groups).flat(), ...row.items]),
  ),
]
  .map((name) => name.replace('[x]', 'String'))
  .flatMap((name) => [name, `_${name}`])
const anyResource = fc
  .tuple(
    fc.constantFrom(...keptTypes),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...elementNames, 'meta', 'text', 'contained', 'extension'), fc.string()),
      fc.oneof(json, fc.array(item, { maxLength: 4 })),
    ),
    fc.constantFrom<JsonObject>(
      {},
      { meta: { versionId: '3' } },
      { meta: { lastUpdated: 'x', tag: [] } },
      { text: { div: 'x' } },
    ),
  )
  .map(([resourceType, elements, more]): FhirResource => ({ ...elements, ...more, resourceType, id: 'r1' }))

function withoutReferences(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, part) => (key === 'reference' ? null : part))
}
