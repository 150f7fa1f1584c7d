import type { Session } from 'electron'
import { isAppUrl } from './app-address.ts'

/**
 * Lets the page hand over what it made itself, and nothing else: a sealed file of changes, never something from a server. The
 * person is asked where to put it.
 */
export function allowOwnDownloads(session: Session): void {
  session.on('will-download', (event, item) => {
    if (!isOwnFile(item.getURL())) {
      event.preventDefault()
      return
    }
    item.setSaveDialogOptions({ title: 'Save', defaultPath: item.getFilename() })
  })
}

/** A blob of the app's own page. */
export function isOwnFile(address: string): boolean {
  return address.startsWith('blob:') && isAppUrl(address.slice('blob:'.length))
}
