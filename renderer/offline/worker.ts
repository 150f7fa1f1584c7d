import { createShellCache } from './shell-cache.ts'

/** The service worker of the web edition. The desktop app brings its files along and needs none. */

/** Put in by the build (`vite.config.ts`). */
declare const shellVersion: string
declare const shellFiles: readonly string[]

/** The windows of this origin: the compiler knows this file as one of a page. */
declare const clients: { claim(): Promise<void> }

type Extendable = Event & { waitUntil(work: Promise<unknown>): void }
type Fetching = Extendable & { request: Request; respondWith(answer: Promise<Response>): void }

const shell = createShellCache({
  caches,
  fetch: (url) => fetch(url),
  after: (ms, then) => setTimeout(then, ms),
  base: new URL('./', location.href).href,
  version: shellVersion,
  files: shellFiles,
})

addEventListener('install', (event) => {
  if (isExtendable(event)) event.waitUntil(shell.install())
})
addEventListener('activate', (event) => {
  // The page that brought this worker along is looked after from now on, not from its next visit on.
  if (isExtendable(event)) event.waitUntil(shell.activate().then(() => clients.claim()))
})
addEventListener('fetch', (event) => {
  if (!isFetching(event)) return
  const { method, url, mode } = event.request
  const answer = shell.answer({ method, url, isPage: mode === 'navigate' })
  if (answer) event.respondWith(answer)
})

function isExtendable(event: Event): event is Extendable {
  return 'waitUntil' in event
}

function isFetching(event: Event): event is Fetching {
  return isExtendable(event) && 'respondWith' in event && 'request' in event
}
