import type { FlushedRow } from './flushed-row.ts'
import type { Line } from './line.ts'
import type { LogRow } from './log-row.ts'
import type { Quarantine, QuarantinedRow, QuarantineReason } from './ports.ts'

/**
 * Rows that this region cannot read although it has their key, and the documents that they belong to.
 *
 * 1. Such a document goes on taking writes, and what can be shown of it is shown. An operator sees that it is here.
 * 2. It leaves by itself when the last of its rows can be read: each time that a row is read, this is told.
 * 3. What is known survives a restart, because nobody reads all rows to find it again.
 * 4. A log line names kind, origin and sequence, never the document: that would name a patient.
 */
export type QuarantineRegister = Quarantine & {
  /** A row that cannot be read. */
  report(line: Line, row: Place, reason: QuarantineReason): void
  /** Rows that were read just now. Returns those that could not be read before, and can be now. */
  read(line: Line, rows: readonly FlushedRow[]): FlushedRow[]
  /** Nobody needs to read these documents any more. */
  forget(belongs: (document: string) => boolean): void
  /** Rows of an origin behind a sequence have left the log. */
  cut(line: Line, origin: string, after: number): void
  /** Documents with rows under this key: with another copy of it perhaps they can be read. */
  documentsUnder(keyId: string): string[]
}

type Place = Pick<LogRow, 'origin' | 'seq' | 'document' | 'keyId'>

/** A row as it is remembered; `returned` once it could be read again. */
export type RememberedRow = QuarantinedRow & {
  line: Line
  document: string
  keyId: string
  returned: boolean
}

/** Where it is remembered. */
export type QuarantineMemory = {
  put(row: RememberedRow): Promise<void>
  forget(documents: readonly string[]): Promise<void>
}

export type QuarantineDeps = {
  known: readonly RememberedRow[]
  memory: QuarantineMemory
  now(): Date
  warn(message: string, detail: object): void
  info(message: string, detail: object): void
}

export function createQuarantine({ known, memory, now, warn, info }: QuarantineDeps): QuarantineRegister {
  const documents = new Map<string, Map<string, RememberedRow>>()
  for (const row of known) rowsOf(row.document).set(keyOf(row.line, row), row)

  function rowsOf(document: string): Map<string, RememberedRow> {
    const rows = documents.get(document) ?? new Map<string, RememberedRow>()
    documents.set(document, rows)
    return rows
  }

  function remember(row: RememberedRow): void {
    rowsOf(row.document).set(keyOf(row.line, row), row)
    memory.put(row).catch(() => warn('what is in quarantine could not be written down', wordsOf(row)))
  }

  function report(line: Line, { origin, seq, document, keyId }: Place, reason: QuarantineReason): void {
    const known = documents.get(document)?.get(keyOf(line, { origin, seq }))
    if (known && !known.returned) return
    const row = { line, document, keyId, origin, seq, reason, since: now().toISOString(), returned: false }
    remember(row)
    warn('a row cannot be read: its document is in quarantine', wordsOf(row))
  }

  function giveBack(row: RememberedRow): void {
    remember({ ...row, returned: true })
    info('a row can be read again', wordsOf(row))
  }

  const held = () =>
    [...documents].flatMap(([document, rows]) => {
      const unread = [...rows.values()].filter((row) => !row.returned)
      return unread.length > 0 ? [{ document, rows: unread }] : []
    })

  return {
    documents: () =>
      held().map(({ document, rows }) => ({
        document,
        rows: rows.map(({ origin, seq, reason, since }) => ({ origin, seq, reason, since })),
      })),
    size: () => held().length,
    hadGap: (document) => documents.has(document),
    report,
    read(line, rows) {
      const back: FlushedRow[] = []
      for (const opened of rows) {
        const { row, plain, why } = opened
        if (why === 'damaged') report(line, row, 'unreadable')
        if (!plain || documents.size === 0) continue
        const known = documents.get(row.document)?.get(keyOf(line, row))
        if (!known || known.returned || known.reason === 'breaks-note') continue
        giveBack(known)
        back.push(opened)
      }
      return back
    },
    noteLoaded(document, misfits) {
      const keys = new Set(misfits.map((misfit) => keyOf('notes', misfit)))
      for (const misfit of misfits) report('notes', { ...misfit, document, keyId: '' }, 'breaks-note')
      for (const row of [...(documents.get(document)?.values() ?? [])])
        if (row.reason === 'breaks-note' && !row.returned && !keys.has(keyOf('notes', row))) giveBack(row)
    },
    forget(belongs) {
      const gone = [...documents.keys()].filter(belongs)
      for (const document of gone) documents.delete(document)
      if (gone.length > 0) memory.forget(gone).catch(() => undefined)
    },
    cut(line, origin, after) {
      const gone = (row: RememberedRow) => row.line === line && row.origin === origin && row.seq > after
      for (const rows of documents.values())
        for (const row of [...rows.values()]) if (gone(row) && !row.returned) giveBack(row)
    },
    documentsUnder: (keyId) =>
      held().flatMap(({ document, rows }) => (rows.some((row) => row.keyId === keyId) ? [document] : [])),
  }
}

const keyOf = (line: Line, { origin, seq }: { origin: string; seq: number }) => `${line} ${origin} ${seq}`

function wordsOf({ line, document, origin, seq, reason }: RememberedRow): object {
  return { line, kind: document.split('/')[0], origin, seq, reason }
}
