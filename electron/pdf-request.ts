/** What a page asks for. */
export interface PdfRequest {
  /** The name that is suggested. It says when, and nothing about anybody. */
  readonly name: string
  readonly paper: 'A4' | 'Letter'
}

/** What became of it. `code` is the system's own word for a failure, such as `ENOSPC`. */
export type PdfAnswer =
  | { readonly outcome: 'saved'; readonly name: string }
  | { readonly outcome: 'cancelled' }
  | { readonly outcome: 'failed'; readonly why: PdfProblem; readonly code: string }

/** `no-place`: the folder is gone. `busy`: another file is being saved. `print`: Chromium made no PDF of the page. */
export type PdfProblem = 'no-room' | 'not-allowed' | 'no-place' | 'busy' | 'print' | 'other'

/** The channel on which a page asks for a PDF, and the one on which the menu speaks to it. */
export const PDF_CHANNEL = 'meridian:save-pdf'
export const DOWNTIME_CHANNEL = 'meridian:downtime'

const NAME = /^meridian-downtime-\d{4}-\d{2}-\d{2}-\d{4}\.pdf$/

/** Checks what a page asks for; null if it is no such request. No other name, and so no path, comes through. */
export function parsePdfRequest(value: unknown): PdfRequest | null {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('paper' in value)) return null
  const { name, paper } = value
  if (typeof name !== 'string' || !NAME.test(name)) return null
  return paper === 'A4' || paper === 'Letter' ? { name, paper } : null
}

/** Which of the problems a failure of the file system is. */
export function problemOf(code: string): PdfProblem {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no-room'
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'not-allowed'
    case 'ENOENT':
    case 'ENOTDIR':
      return 'no-place'
    default:
      return 'other'
  }
}
