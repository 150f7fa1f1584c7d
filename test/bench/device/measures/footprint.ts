import type { Page } from 'playwright'
import type { Line } from '../line.ts'
import { rendererMemory, type Stage } from '../stage.ts'

const wantedMegabytes = 250

/** Memory of the window, after a collection of garbage. The bare one: a page that holds nothing. */
export async function memory(stage: Stage, page: Page): Promise<Line[]> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.enable')
  await session.send('HeapProfiler.collectGarbage')
  await page.waitForTimeout(1000)
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  const full = rendererMemory(stage.profile)
  const heap: Line = { letter: 'e', label: '  JavaScript heap', unit: 'MB', value: usedSize / 2 ** 20 }
  if (!full) return [heap]
  const bare = await stage.bareMemory()
  return [
    {
      letter: 'e',
      label: 'memory of its process, resident',
      unit: 'MB',
      value: full.resident / 2 ** 20,
      wanted: wantedMegabytes,
      ...(bare ? { peer: bare.resident / 2 ** 20 } : {}),
    },
    {
      letter: 'e',
      label: '  its share of what is shared',
      unit: 'MB',
      value: full.share / 2 ** 20,
      ...(bare ? { peer: bare.share / 2 ** 20 } : {}),
    },
    heap,
  ]
}
