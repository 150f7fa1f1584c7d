import { createContext, useContext, useEffect } from 'react'

/** What a screen lets the frame around it know. */
export type OnScreen = {
  /** Time zone of the chart on screen: the frame's own times are then told in it too. */
  timeZone: string | undefined
  /** Something is typed that is not saved: leaving asks first. */
  typed: boolean
}

export const nothingOnScreen: OnScreen = { timeZone: undefined, typed: false }

export const OnScreenContext = createContext<{
  onScreen: OnScreen
  tell: (part: Partial<OnScreen>) => void
}>({ onScreen: nothingOnScreen, tell: () => {} })

export const useOnScreen = (): OnScreen => useContext(OnScreenContext).onScreen

/** Says it for as long as the component is on screen. */
export function useTell<K extends keyof OnScreen>(key: K, value: OnScreen[K]): void {
  const { tell } = useContext(OnScreenContext)
  useEffect(() => {
    tell({ [key]: value })
    return () => tell({ [key]: nothingOnScreen[key] })
  }, [tell, key, value])
}
