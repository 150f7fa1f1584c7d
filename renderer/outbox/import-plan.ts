import { isDocumentName, parseDocumentName, patientOf } from '../../domain/documents/document-name.ts'
import type { StoredChange } from '../replica/stored-change.ts'

/** What an import of a file would do, told before it does it. */
export type ImportPlan = {
  /** To be put into the outbox as they stand here. */
  fresh: StoredChange[]
  /** Of these this device has them already. */
  known: number
  /** Stated by somebody else: a region takes them from nobody but their author. */
  others: StoredChange[]
  /** No change that this app understands, or one that names another patient than its entry does. */
  unreadable: number
}

/**
 * @param here ids of the changes that this device has or had while this window was open
 * @param now ms since 1970: since then what has yet to be sent is on this device
 */
export function planImport(
  read: { changes: readonly StoredChange[]; unreadable: number },
  { user, here, now }: { user: string; here: ReadonlySet<string>; now: number },
): ImportPlan {
  const plan: ImportPlan = { fresh: [], known: 0, others: [], unreadable: read.unreadable }
  const once = new Map(read.changes.map((change) => [change.id, change]))
  for (const change of once.values()) {
    if (!namesItsPatient(change)) plan.unreadable += 1
    else if (change.entry.author.user !== user) plan.others.push(change)
    else if (here.has(change.id)) plan.known += 1
    else
      plan.fresh.push(change.rung.at === 'refused' ? change : { ...change, rung: { at: 'device' }, at: now })
  }
  return plan
}

/** The patient under whose name a change is shown is the one whose record it goes into. */
function namesItsPatient({ entry, patientId }: StoredChange): boolean {
  const document = parseDocumentName(entry.document)
  return isDocumentName(document) && (patientOf(document) ?? patientId) === patientId
}
