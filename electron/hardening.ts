import { app, type Session, shell, type WebContents } from 'electron'
import { isAppUrl } from './app-address.ts'
import { isAllowedLink } from './links.ts'
import { isGranted } from './permissions.ts'

/**
 * Closes what Chromium offers to pages and this app doesn't use, for every page that is ever made:
 * webviews, further windows, and addresses other than the app's own.
 */
export function hardenWebContents(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      if (isAllowedLink(url)) void shell.openExternal(url)
      return { action: 'deny' }
    })
    keepOnApp(contents)
  })
}

/** Answers every request for a permission, and every question whether it is given. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((contents: WebContents | null, permission, callback, details) => {
    callback(isGranted(permission, details.requestingUrl ?? contents?.getURL() ?? ''))
  })
  session.setPermissionCheckHandler((_contents, permission, origin) => isGranted(permission, origin))
  session.setDevicePermissionHandler(() => false)
  // Chromium would fetch dictionaries from its maker's servers.
  session.setSpellCheckerEnabled(false)
}

function keepOnApp(contents: WebContents): void {
  // Electron 22 gives the address as second argument, later ones as a field of the event.
  const refuseOthers = (event: Electron.Event & { url?: string }, url?: string): void => {
    if (!isAppUrl(event.url ?? url ?? '')) event.preventDefault()
  }
  contents.on('will-navigate', refuseOthers)
  contents.on('will-redirect', refuseOthers)
  contents.on('will-frame-navigate', refuseOthers)
}
