import { databaseName } from '../replica/database.ts'
import type { Session } from './session.ts'

/**
 * The address bar and the window's history name the charts that somebody has looked at. They belong to that person.
 *
 * Invariants
 * 1. While nobody is signed in, neither the address nor anything to which Back or Forward leads names a chart that
 *    somebody had open here.
 * 2. Who signs out begins at the patients next time, and so does whoever comes after.
 * 3. Whose session ended, or who loaded the page again, comes back to where they were; nobody else does.
 */
export type LeftPlacesDeps = {
  session: Pick<Session, 'current' | 'onChange'>
  places: {
    /** Path and search of the screen. */
    current(): string
    /** Steps from the first screen of this window. */
    index(): number
    back(steps: number): void
    replace(place: string): void
    push(place: string): void
    /** Calls when `back` has arrived. */
    onMove(listener: () => void): () => void
  }
  /** Of this window, kept while it loads again. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  /** After the screens have gone. */
  soon: (act: () => void) => void
}

export function keepPlacesApart({ session, places, storage, soon }: LeftPlacesDeps): void {
  let left: { owner: string; place: string } | undefined

  /** Goes back to the first screen and begins anew there: what was ahead is forgotten by that. */
  const sweep = () => {
    const anew = () => {
      places.replace(start)
      places.push(start)
    }
    const steps = places.index()
    if (steps === 0) return anew()
    const stop = places.onMove(() => {
      stop()
      anew()
    })
    places.back(steps)
  }

  const owner = storage.getItem(ownerKey)
  if (owner !== null) {
    left = { owner, place: places.current() }
    sweep()
  }

  session.onChange(() => {
    const state = session.current()
    if (state.state === 'signed-in') {
      const mine = databaseName(state.user.id)
      if (left?.owner === mine) places.replace(left.place)
      left = undefined
      storage.setItem(ownerKey, mine)
      return
    }
    const known = storage.getItem(ownerKey)
    if (known === null) return
    left = state.ended ? { owner: known, place: places.current() } : undefined
    storage.removeItem(ownerKey)
    soon(sweep)
  })
}

const start = '/'
/** The name of their database, which the device shows anyhow: nothing else of them. */
const ownerKey = 'meridian.places-of'
