/**
 * What is printed about one patient: words only, in the order in which they are read. Nothing here is cut; how much of it
 * goes on a page is decided where it can be measured.
 */
export type Sheet = {
  patientId: string
  name: string
  /** Born, gender, identifier, home: in the order of the banner (PAB-0016). */
  facts: readonly Fact[]
  /** For the foot of every page: `MRN 9a62 8ccd`. */
  identifier: string
  deceased: boolean
  /** How much of this patient's chart this device has. */
  copy: CopyState
  /** IANA zone in which the times stand. */
  timeZone: string
  /** When a region last confirmed the copy. */
  asOf: string
  blocks: readonly Block[]
}

/** `none`: nothing at all. `part`: not confirmed whole by a region. `failed`: this app could not read it. */
export type CopyState = 'whole' | 'part' | 'none' | 'failed'

export type Fact = { label: string; value: string }

/** A piece that is never divided between two pages. A heading goes with what follows it. */
export type Block =
  | { kind: 'heading'; title: string; note: string | undefined }
  /** About the whole page: what is missing, what contradicts, what must not be missed. */
  | ({ kind: 'warning' } & Warning)
  | ({ kind: 'line' } & Line)
  /** Two short lines beside each other. */
  | { kind: 'pair'; lines: readonly Line[] }
  | { kind: 'values'; cells: readonly Cell[] }
  | { kind: 'remark'; text: string }

export type Line = {
  /** `shout`: read before all else. */
  tone: 'shout' | 'alert' | 'plain'
  runs: readonly Run[]
  /** What stands beside it, one under the other: the doses of a drug. */
  beside: readonly (readonly Run[])[]
  /** Words in a frame. */
  tags: readonly string[]
  /** Smaller lines below it. */
  details: readonly string[]
  /** Struck through: entered in error or refuted. */
  struck: boolean
}

export type Warning = { title: string; text: string }

export type Run = { text: string; strong: boolean }

/** The last value of one vital sign. */
export type Cell = { label: string; value: string; unit: string; when: string; remarks: readonly string[] }

export function lineOf(lead: string, more: Partial<Line> & { rest?: string } = {}): Line {
  const { rest, ...given } = more
  const runs = [{ text: lead, strong: true }, ...(rest ? [{ text: rest, strong: false }] : [])]
  return { tone: 'plain', runs, beside: [], tags: [], details: [], struck: false, ...given }
}

export function warningBlock(warning: Warning): Block {
  return { kind: 'warning', ...warning }
}
