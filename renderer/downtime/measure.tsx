import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import type { PackDeps } from './make-pack.ts'
import { Printed, type PrintedBy } from './printed.ts'
import { type Paper, SheetPage } from './sheet-page.tsx'

/** Kept free at the foot of a page, in CSS px: print may set a line a hair wider than the screen. */
const reserve = 10

/**
 * Lays sheets out in `host`, which is out of sight, as they are printed, and measures them. The longest words that can
 * come to stand at the foot are taken into account.
 */
export function createMeasure(
  host: HTMLElement,
  given: { paper: Paper; printed: PrintedBy; incomplete: string },
): { measure: PackDeps['measure']; close: () => void } {
  const root = createRoot(host)
  return {
    async measure(sheet) {
      const page = { sheet, blocks: sheet.blocks, continued: false, page: 88, pages: 88, penRoom: false }
      flushSync(() =>
        root.render(
          <Printed value={given.printed}>
            <SheetPage
              page={page}
              paper={given.paper}
              number={8888}
              total={8888}
              incomplete={given.incomplete}
            />
          </Printed>,
        ),
      )
      // Letters of another alphabet bring another part of the typeface with them.
      await document.fonts.ready
      const part = (name: string) => host.querySelector(`[data-part="${name}"]`)
      const room =
        pixels(host.querySelector('section'), 'minHeight') -
        paddingOf(host.querySelector('section')) -
        heightOf(part('head')) -
        heightOf(part('foot')) -
        paddingOf(part('body')) -
        reserve
      return { heights: [...host.querySelectorAll('[data-block]')].map(heightOf), room }
    },
    // React does not take a root away while it is rendering another.
    close: () => setTimeout(() => root.unmount()),
  }
}

function heightOf(element: Element | null): number {
  return element?.getBoundingClientRect().height ?? 0
}

function paddingOf(element: Element | null): number {
  return pixels(element, 'paddingTop') + pixels(element, 'paddingBottom')
}

function pixels(element: Element | null, property: 'minHeight' | 'paddingTop' | 'paddingBottom'): number {
  return element ? Number.parseFloat(getComputedStyle(element)[property]) : 0
}
