import { createLink, type Link, type LinkSettings, openLink } from './link.ts'

/** The links between all regions, two for each pair. */
export type Links = {
  /** The link of one direction; throws if there is none. */
  between(from: string, to: string): Link
  /** Both directions between this region and every other are cut; all else that was set stays. */
  isolate(region: string): void
  /** Undoes `isolate`: opens the links to every region that is not isolated itself. */
  rejoin(region: string): void
  /** Everything open, at once, without limit. */
  reset(): void
  /** `"<from>><to>"` → settings. */
  settings(): { [link: string]: LinkSettings }
}

export function createLinks(regions: readonly string[]): Links {
  const links = new Map<string, Link>()
  const isolated = new Set<string>()
  for (const from of regions)
    for (const to of regions) if (from !== to) links.set(nameOf(from, to), createLink())

  function between(from: string, to: string): Link {
    const link = links.get(nameOf(from, to))
    if (!link) throw new Error(`there is no link from ${from} to ${to}`)
    return link
  }

  function setState(region: string, others: readonly string[], state: LinkSettings['state']): void {
    for (const other of others)
      for (const link of [between(region, other), between(other, region)])
        link.set({ ...link.settings(), state })
  }

  const othersOf = (region: string) => regions.filter((other) => other !== region)

  return {
    between,
    isolate(region) {
      isolated.add(region)
      setState(region, othersOf(region), 'cut')
    },
    rejoin(region) {
      isolated.delete(region)
      setState(
        region,
        othersOf(region).filter((other) => !isolated.has(other)),
        'open',
      )
    },
    reset() {
      isolated.clear()
      for (const link of links.values()) link.set(openLink)
    },
    settings: () => Object.fromEntries([...links].map(([name, link]) => [name, link.settings()])),
  }
}

function nameOf(from: string, to: string): string {
  return `${from}>${to}`
}
