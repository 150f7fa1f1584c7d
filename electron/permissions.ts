import { isAppUrl } from './app-address.ts'

/**
 * What the app's own page gets; everything else is refused.
 *
 * The three about networks are Chromium's Local Network Access, which a page needs from Electron 43 on to
 * reach any address on 127.0.0.1 or in the hospital's own network, the regions of this app included. Which
 * addresses these are is for the CSP to say (`app-files.ts`). Older Electrons never ask for them.
 */
const GRANTED: readonly string[] = [
  'notifications',
  // Without it a full disk may evict what waits to be sent.
  'persistent-storage',
  'local-network-access',
  'local-network',
  'loopback-network',
]

/** True if a page at this address (or origin) has this permission. */
export function isGranted(permission: string, requester: string): boolean {
  return GRANTED.includes(permission) && isAppUrl(requester)
}
