/** Hosts whose https pages a link may open in the user's browser. None is needed so far. */
const ALLOWED_HOSTS: readonly string[] = []

/** True if a link may leave the app for the user's browser. */
export function isAllowedLink(address: string, allowedHosts: readonly string[] = ALLOWED_HOSTS): boolean {
  try {
    const url = new URL(address)
    if (url.username !== '' || url.password !== '') return false
    return url.protocol === 'https:' && allowedHosts.includes(url.host)
  } catch {
    return false
  }
}
