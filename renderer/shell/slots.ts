import { createContext, useContext } from 'react'

/** Where a chart puts its banner: over the full width, above all that scrolls. */
export const BannerSlot = createContext<HTMLElement | null>(null)
export const useBannerSlot = () => useContext(BannerSlot)

/** How far below the strip its menus open, in px: a banner must never be covered. Asked when one opens. */
export const BannerHeight = createContext<() => number>(() => 0)
export const useBannerHeight = () => useContext(BannerHeight)

/** Where a side panel opens: beside the screen, which makes room for it. */
export const PanelSlot = createContext<HTMLElement | null>(null)
export const usePanelSlot = () => useContext(PanelSlot)
