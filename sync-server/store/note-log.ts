import { inTime, type Sql } from './database.ts'
import { openRow } from './intake.ts'
import type { LineLog } from './line-log.ts'
import { logRow, type StoredRow } from './log-row-sql.ts'
import type { NoteLog, NoteUpdate } from './ports.ts'
import type { FlushedRow } from './writer.ts'

/** A note update that was not stored. The note must be read from the log again. */
export class NoteNotStored extends Error {
  override name = 'NoteNotStored'
}

/** Notes while they are written. Notes belong to no home group: every region of the cluster may open them. */
export function createNoteLog(log: LineLog, sql: Sql): NoteLog {
  return {
    async append({ document, update, author }) {
      const none = { subject: '', entryId: '', homeGroup: '', lamport: 0 }
      const [outcome] = await log.writer.append([{ ...none, document, author, plain: update }])
      if (outcome?.outcome !== 'committed') throw new NoteNotStored(outcome?.detail ?? 'nothing was stored')
    },
    async updatesOf(document) {
      const rows = await inTime(sql<StoredRow[]>`
        select * from note_log where kind = 'update' and document = ${document} order by origin, seq`)
      const opened = await Promise.all(rows.map((row) => openRow(log.keyring, 'notes', logRow(row))))
      return opened.flatMap((row) => row.plain ?? [])
    },
    onReceived: (listener) =>
      log.onFlushed((rows) => {
        const notes = rows.flatMap((row) =>
          row.row.origin === log.writer.origin() ? [] : (noteUpdate(row) ?? []),
        )
        if (notes.length > 0) listener(notes)
      }),
  }
}

function noteUpdate({ row, plain }: FlushedRow): NoteUpdate | undefined {
  return row.kind === 'update' && plain
    ? { document: row.document, update: plain, author: row.author }
    : undefined
}
