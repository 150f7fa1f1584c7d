import { createContext } from 'react'

/** What stands at the foot of every page: by whom, and when by this device's clock (ms since 1970). */
export type PrintedBy = {
  readAt: number
  printedAt: number
  by: string
  /** By how much this device's clock is known to be wrong. */
  clock: string | undefined
}

export const Printed = createContext<PrintedBy>({ readAt: 0, printedAt: 0, by: '', clock: undefined })
