import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import type { RegionConfig } from '../config/config.ts'
import type { HttpEnv } from './context.ts'

/** All addresses but those of the interfaces, which no page and no file may hide, nor say that GET is served there. */
const pages = '/:page{(?!(?:v1|fhir|sync|health|metrics)(?:/|$)).*}'

/**
 * The web edition, from the folder into which it was built. An address that is no file belongs to a screen of the app:
 * `index.html` is served, and never kept. Files under `assets/` carry their hash in their name and are kept for ever.
 */
export function webEdition(folder: string, config: Pick<RegionConfig, 'directory'>) {
  const routes = new Hono<HttpEnv>()
  const policy = contentPolicy(config)
  const files = serveStatic<HttpEnv>({
    root: folder,
    onFound: (_path, c) => {
      const isAsset = c.req.path.startsWith('/assets/')
      c.header('cache-control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache')
      c.header('content-security-policy', policy)
    },
  })
  const page = serveStatic<HttpEnv>({
    root: folder,
    path: 'index.html',
    onFound: (_path, c) => {
      c.header('cache-control', 'no-cache')
      c.header('content-security-policy', policy)
    },
  })

  routes.on('GET', ['/', pages], async (c, next) => {
    const file = await files(c, async () => undefined)
    if (file) return file
    // A missing file is missing: a script must not come as a page.
    return /\.[a-z0-9]+$/i.test(c.req.path) ? next() : page(c, next)
  })

  return routes
}

/** Scripts, fonts and workers from here only; data from the regions. Styles may stand in the page, as Mantine's do. */
function contentPolicy({ directory }: Pick<RegionConfig, 'directory'>): string {
  const regions = Object.values(directory).flatMap(({ http, sync }) => [origin(http), origin(sync)])
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src ${["'self'", ...new Set(regions)].join(' ')}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function origin(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
