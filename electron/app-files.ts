import { readFile } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { isAppUrl } from './app-address.ts'

/** One answer of the `app://` scheme. */
export interface AppAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** What an address stands for: a file of the renderer, a route inside the page, or nothing. */
export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'route' }
  | { readonly kind: 'refused'; readonly status: 400 | 403 | 404 }

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  // Mantine writes its colour scheme and some measures into <style> and style="…".
  "style-src 'self' 'unsafe-inline'",
  "connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:* https: wss:",
  "img-src 'self' data:",
  "font-src 'self'",
  "object-src 'none'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** Answers one request for an address of the app from the files in `root`. Never throws. */
export async function answerFromFiles(root: string, method: string, address: string): Promise<AppAnswer> {
  if (method !== 'GET' && method !== 'HEAD') return text(405, `${method} is not answered here.`)
  const target = locate(root, address)
  if (target.kind === 'refused') return text(target.status, `There is nothing at ${address}.`)
  const path = target.kind === 'route' ? join(root, 'index.html') : target.path
  const body = await readFile(path).catch(() => null)
  if (body !== null) return { status: 200, headers: headersFor(path), body }
  if (target.kind === 'file') return text(404, `There is nothing at ${address}.`)
  return text(404, `The page of the app is missing (${path}). Build it with 'npx vite build'.`)
}

/**
 * Finds what an address of the app stands for, without looking at the disk.
 *
 * The last part of the path decides: with an extension it is a file, without one it is a route of the page,
 * which index.html answers. Whatever could leave `root` is refused, also where Chromium has resolved dots
 * already: an encoded slash comes through it untouched.
 */
export function locate(root: string, address: string): Target {
  if (!isAppUrl(address)) return { kind: 'refused', status: 403 }
  let path: string
  try {
    path = decodeURIComponent(new URL(address).pathname)
  } catch {
    return { kind: 'refused', status: 400 }
  }
  if (/[\0\\]/.test(path)) return { kind: 'refused', status: 403 }
  const file = join(resolve(root), path)
  if (!`${file}${sep}`.startsWith(resolve(root) + sep)) return { kind: 'refused', status: 403 }
  return extname(file) === '' || path.endsWith('/') ? { kind: 'route' } : { kind: 'file', path: file }
}

function text(status: number, message: string): AppAnswer {
  return { status, headers: headersFor('.txt'), body: Buffer.from(`${message}\n`) }
}

function headersFor(path: string): Record<string, string> {
  const extension = path === '.txt' ? path : extname(path)
  return {
    'Content-Type': CONTENT_TYPES[extension] ?? 'application/octet-stream',
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-cache',
  }
}
