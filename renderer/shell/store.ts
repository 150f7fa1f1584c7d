import { useSyncExternalStore } from 'react'

/** A value that changes outside React: `get` answers with the same reference until it changes. */
export function useStore<T>(onChange: (listener: () => void) => () => void, get: () => T): T {
  return useSyncExternalStore(onChange, get)
}
