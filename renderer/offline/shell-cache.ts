/**
 * The files of the app itself, kept by the browser for the hour in which no region hands them out. Nothing of a patient is
 * among them: whatever is not named here goes to the network as if nobody stood between.
 *
 * - The page is asked for at the region first, and is the kept one when that does not answer in time.
 * - Its files carry their hash in their name: the kept ones are the same as the region's.
 * - Where the regions are is asked for first, too, and remembered.
 */
export type ShellCache = {
  /** Keeps all files of this version, or none. */
  install(): Promise<void>
  /** Lets go of other versions. */
  activate(): Promise<void>
  /** The answer to a request, or undefined if it is none of ours. */
  answer(request: ShellRequest): Promise<Response> | undefined
}

export type ShellRequest = { method: string; url: string; isPage: boolean }

export type ShellCacheDeps = {
  caches: Pick<CacheStorage, 'open' | 'keys' | 'delete'>
  fetch: (url: string) => Promise<Response>
  /** Calls back once after so many ms. */
  after: (ms: number, then: () => void) => void
  /** Where the page stands, with a slash at its end. */
  base: string
  /** Names this version of the files. */
  version: string
  /** Addresses of the files, from `base`. */
  files: readonly string[]
}

const prefix = 'meridian-shell-'
const regionsCache = 'meridian-regions'
/** A region that has not handed out the page by then counts as silent, in ms. */
const patienceMs = 3000

export function createShellCache(deps: ShellCacheDeps): ShellCache {
  const { base } = deps
  const mine = prefix + deps.version
  const files = new Set(deps.files.map((file) => new URL(file, base).href))
  const regions = new URL('v1/session/regions', base).href

  const inTime = (url: string) =>
    new Promise<Response>((resolve, reject) => {
      deps.fetch(url).then(resolve, reject)
      deps.after(patienceMs, () => reject(new Error('the region does not answer')))
    })

  /** Undefined, too, if the browser cannot read what it keeps. */
  const kept = async (cache: string, url: string) =>
    (await deps.caches.open(cache).catch(() => undefined))?.match(url).catch(() => undefined)

  const page = async (url: string) => {
    const answer = await inTime(url).catch(() => undefined)
    if (answer?.ok) return answer
    return (await kept(mine, base)) ?? answer ?? Response.error()
  }
  const file = async (url: string) => (await kept(mine, url)) ?? deps.fetch(url)
  /** As well as it can: a disk that is full takes nothing. */
  const remember = async (answer: Response) => {
    const cache = await deps.caches.open(regionsCache).catch(() => undefined)
    await cache?.put(regions, answer).catch(() => undefined)
  }
  const whereRegionsAre = async () => {
    const answer = await inTime(regions).catch(() => undefined)
    if (!answer?.ok) return (await kept(regionsCache, regions)) ?? answer ?? Response.error()
    await remember(answer.clone())
    return answer
  }

  return {
    async install() {
      await (await deps.caches.open(mine)).addAll([base, ...files])
      // The page that brings this worker along has asked already, past it.
      await whereRegionsAre()
    },
    async activate() {
      const others = (await deps.caches.keys()).filter((name) => name.startsWith(prefix) && name !== mine)
      await Promise.all(others.map((name) => deps.caches.delete(name)))
    },
    answer({ method, url, isPage }) {
      if (method !== 'GET' || !url.startsWith(base)) return undefined
      if (isPage) return page(url)
      if (files.has(url)) return file(url)
      return url === regions ? whereRegionsAre() : undefined
    },
  }
}
