import { LRUCache } from 'lru-cache'
import { isDocumentName, parseDocumentName, patientOf } from '../../domain/documents/document-name.ts'
import type { Json } from '../../domain/entries/canonical.ts'
import { type Entry, isReadable, parseSubject } from '../../domain/entries/entry.ts'
import { aspectsOf } from '../../domain/fhir/aspect-table.ts'
import type { Draft, FlushedEntry, RegionStore } from '../store/ports.ts'
import { createBatch } from './batch.ts'
import type { Facts } from './proposal.ts'

/**
 * What admission must know about documents, subjects and earlier entries, kept in memory so that a busy region asks
 * its database for each thing once. It follows what is flushed, and counts in what was admitted and is on its way.
 */
export type Knowledge = {
  /** Looks up what is not in memory. Rejects if the store cannot be read. */
  gather(entries: readonly Entry[]): Promise<void>
  /** Is all that judging this entry takes in memory? What was gathered may have been forgotten since. */
  knows(entry: Entry): boolean
  /** Facts about an entry that is known. */
  factsOf(entry: Entry): Facts
  /**
   * What an entry builds on and is on its way to the log, other than drafts of this turn: whether all of it was stored.
   * Undefined if there is no such thing.
   */
  awaited(entry: Entry, turn: object): Promise<boolean> | undefined
  /** This draft is on its way to the log, together with the others of its turn: the next proposals may build on it. */
  expect(draft: Draft, turn: object): void
  /** The log has answered; a draft that was not stored is forgotten again. */
  settle(draft: Draft, stored: boolean): void
  close(): void
}

/** Stands in the caches for "looked up, and there is none". */
const none = ''

type Immutables = { [aspect: string]: Json }
/** A draft on its way to the log. */
type OnItsWay = { id: string; turn: object; stored: Promise<boolean>; settle(stored: boolean): void }
type Learned = Pick<FlushedEntry, 'id' | 'document' | 'subject' | 'lamport' | 'entry'>

export function createKnowledge(store: RegionStore, size = 100_000): Knowledge {
  const lamports = new LRUCache<string, number>({ max: size })
  const places = new LRUCache<string, string>({ max: size })
  const subjects = new LRUCache<string, string>({ max: size })
  const immutables = new LRUCache<string, Immutables>({ max: size })
  const patientsOnTheirWay = new Map<string, { homeGroup: string; drafts: number }>()
  const onTheirWay = new Map<string, OnItsWay[]>()
  /** Subjects whose immutable aspects are being read, with what was heard of them meanwhile. */
  const reading = new Map<string, { heard: Immutables; done: Promise<void> }>()

  const stop = store.entries.onFlushed((rows) => {
    for (const row of rows) learn(row)
  })

  const stopErased = store.erased.onErased((patient) => {
    for (const document of [...lamports.keys()]) if (isAbout(document, patient)) lamports.delete(document)
    for (const [subject, document] of [...places.entries()])
      if (isAbout(document, patient)) places.delete(subject)
    // These hold content, and do not say of whom: what is still needed is read again.
    immutables.clear()
  })

  function learn(row: Learned): void {
    const { id, document, subject, lamport } = row
    const highest = lamports.get(document)
    if (highest !== undefined && lamport > highest) lamports.set(document, lamport)
    if (!places.get(subject)) places.set(subject, document)
    subjects.set(id, subject)
    const known = immutables.get(subject)
    // Only now the entry itself is needed, which is read when it is asked for.
    if (known) immutables.set(subject, { ...immutablesOf(row.entry), ...known })
    const underWay = reading.get(subject)
    if (underWay) underWay.heard = { ...immutablesOf(row.entry), ...underWay.heard }
  }

  const highestLamport = createBatch(store.entries.highestLamports)
  const placeOf = createBatch(store.entries.placesOf)
  const subjectOf = createBatch(store.entries.subjectsOf)

  async function lookUpLamport(document: string): Promise<void> {
    const highest = (await highestLamport(document)) ?? 0
    lamports.set(document, Math.max(highest, lamports.get(document) ?? 0))
  }

  async function lookUpPlace(subject: string): Promise<void> {
    const place = await placeOf(subject)
    // What was flushed in the meantime is not overwritten.
    if (!places.get(subject)) places.set(subject, place ?? none)
  }

  async function lookUpSubject(entryId: string): Promise<void> {
    const found = await subjectOf(entryId)
    if (!subjects.get(entryId)) subjects.set(entryId, found ?? none)
  }

  function lookUpImmutables(subject: string): Promise<void> {
    const underWay = reading.get(subject)
    if (underWay) return underWay.done
    const look = { heard: {}, done: Promise.resolve() }
    reading.set(subject, look)
    look.done = statedOf(subject)
      .then((stated) => void immutables.set(subject, { ...look.heard, ...stated }))
      .finally(() => reading.delete(subject))
    return look.done
  }

  async function statedOf(subject: string): Promise<Immutables> {
    const place = places.get(subject) ?? (await placeOf(subject))
    let stated: Immutables = {}
    for (const { entry } of place ? await store.entries.entriesOf(place) : [])
      if (entry.subject === subject) stated = { ...immutablesOf(entry), ...stated }
    return stated
  }

  /** Adds what has to be looked up for an entry, each thing once. */
  function addMissing(entry: Entry, missing: Map<string, () => Promise<void>>): void {
    const { document, subject } = entry
    if (!lamports.has(document)) missing.set(`lamport ${document}`, () => lookUpLamport(document))
    if (!places.has(subject)) missing.set(`place ${subject}`, () => lookUpPlace(subject))
    for (const id of entry.supersedes)
      if (!subjects.has(id)) missing.set(`subject ${id}`, () => lookUpSubject(id))
    if (!immutables.has(subject) && Object.keys(immutablesOf(entry)).length > 0)
      missing.set(`immutables ${subject}`, () => lookUpImmutables(subject))
  }

  return {
    async gather(entries) {
      const missing = new Map<string, () => Promise<void>>()
      for (const entry of entries) addMissing(entry, missing)
      await Promise.all([...missing.values()].map((lookUp) => lookUp()))
    },
    knows(entry) {
      const missing = new Map<string, () => Promise<void>>()
      addMissing(entry, missing)
      return missing.size === 0
    },
    awaited(entry, turn) {
      const patient = patientIn(entry)
      const subjects = new Set([entry.subject])
      if (patient !== undefined && !store.patients.get(patient)) subjects.add(`Patient/${patient}`)
      const earlier = [...subjects].flatMap((subject) => onTheirWay.get(subject) ?? [])
      const others = earlier.filter((one) => one.turn !== turn).map((one) => one.stored)
      return others.length === 0 ? undefined : Promise.all(others).then((all) => !all.includes(false))
    },
    factsOf(entry) {
      const patient = patientIn(entry)
      return {
        erased: patient !== undefined && store.erased.has(patient),
        patientGroup:
          patient === undefined
            ? undefined
            : (store.patients.get(patient)?.homeGroup ?? patientsOnTheirWay.get(patient)?.homeGroup),
        highestLamport: lamports.get(entry.document) ?? 0,
        subjectDocument: places.get(entry.subject) || undefined,
        superseded: (id) => subjects.get(id) || undefined,
        immutable: (aspect) => immutables.get(entry.subject)?.[aspect],
      }
    },
    expect({ id, entry, homeGroup }, turn) {
      const { document, subject, lamport } = entry
      learn({ id, document, subject, lamport, entry })
      let settle: OnItsWay['settle'] = () => undefined
      const stored = new Promise<boolean>((resolve) => {
        settle = resolve
      })
      onTheirWay.set(subject, [...(onTheirWay.get(subject) ?? []), { id, turn, stored, settle }])
      const patient = createdBy(entry)
      if (patient === undefined) return
      const drafts = (patientsOnTheirWay.get(patient)?.drafts ?? 0) + 1
      patientsOnTheirWay.set(patient, { homeGroup, drafts })
    },
    settle({ id, entry }, stored) {
      if (!stored) {
        lamports.delete(entry.document)
        places.delete(entry.subject)
        subjects.delete(id)
        immutables.delete(entry.subject)
      }
      const drafts = onTheirWay.get(entry.subject) ?? []
      const settled = drafts.find((one) => one.id === id)
      const rest = drafts.filter((one) => one !== settled)
      if (rest.length > 0) onTheirWay.set(entry.subject, rest)
      else onTheirWay.delete(entry.subject)
      settled?.settle(stored)
      const patient = createdBy(entry)
      const waiting = patient === undefined ? undefined : patientsOnTheirWay.get(patient)
      if (patient === undefined || !waiting) return
      waiting.drafts -= 1
      if (waiting.drafts === 0) patientsOnTheirWay.delete(patient)
    },
    close() {
      stop()
      stopErased()
    },
  }
}

function patientIn(entry: Entry): string | undefined {
  const name = parseDocumentName(entry.document)
  return isDocumentName(name) ? patientOf(name) : undefined
}

function isAbout(document: string, patientId: string): boolean {
  const name = parseDocumentName(document)
  return isDocumentName(name) && patientOf(name) === patientId
}

function immutablesOf(entry: Entry): Immutables {
  if (!isReadable(entry)) return {}
  const type = parseSubject(entry.subject)?.type
  const found: Immutables = {}
  for (const aspect of type === undefined ? [] : aspectsOf(type).immutable) {
    const value = entry.aspects[aspect]
    if (value !== undefined && value !== null) found[aspect] = value
  }
  return found
}

/** The patient whose identity this entry states in the patient's own chart. */
function createdBy(entry: Entry): string | undefined {
  const subject = parseSubject(entry.subject)
  return subject?.type === 'Patient' && entry.document === `chart/${subject.id}` ? subject.id : undefined
}
