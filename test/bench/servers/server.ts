import type { NoteAddress } from '../load/note-socket.ts'

export const serverNames = ['meridian', 'y-websocket', 'hocuspocus'] as const
export type ServerName = (typeof serverNames)[number]

/** A running server under measurement, with what it needs to do its work: its database, its other regions. */
export type BenchServer = {
  name: ServerName
  /** What exactly runs, for the report. */
  what: string
  /** Where a note is opened. @param person who of several people opens it; they are taken in turn */
  note(id: string, person?: number): NoteAddress
  /** Pid of the process that the clients talk to. */
  pid(): number
  /** Part of the server → its processes: `frankfurt server`, `frankfurt postgres`, … */
  parts(): Promise<Map<string, number[]>>
  /** Ends it as an operator would, so that it can save what it has, and starts it again. */
  restart(): Promise<void>
  /** SIGKILL of the process that the clients talk to, at once. Its database lives on. */
  kill(): Promise<void>
  /** Starts it again after {@link kill}. */
  start(): Promise<void>
  /** Resolves when what was written before is as safe as this server makes it. */
  settled(): Promise<void>
  stop(): Promise<void>
}
