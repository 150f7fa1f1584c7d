/** Where the page lives. A scheme of its own: no server, no port, no other page shares its origin. */
export const APP_SCHEME = 'app'
export const APP_HOST = 'meridian'
export const APP_URL = `${APP_SCHEME}://${APP_HOST}/`

/** True for addresses of the app's own page. */
export function isAppUrl(address: string): boolean {
  try {
    // Not the origin: Node knows no origin of app:// and says "null" for every one of them.
    const url = new URL(address)
    return url.protocol === `${APP_SCHEME}:` && url.host === APP_HOST
  } catch {
    return false
  }
}
