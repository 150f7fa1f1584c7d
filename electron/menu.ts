import { BrowserWindow, Menu, type MenuItemConstructorOptions } from 'electron'
import { DOWNTIME_CHANNEL } from './pdf-request.ts'
import { bringToFront } from './window.ts'

/** The menu of the app. Developers' items are in it only while the app is not packaged. */
export function installMenu(options: { readonly developer: boolean; readonly mac: boolean }): void {
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  const template: MenuItemConstructorOptions[] = [
    ...(options.mac ? [{ role: 'appMenu' } as const] : []),
    {
      label: 'File',
      submenu: [
        { label: 'Downtime Pack…', accelerator: 'CmdOrCtrl+Shift+P', click: openDowntime },
        separator,
        options.mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        separator,
        { role: 'togglefullscreen' },
        ...(options.developer
          ? [separator, { role: 'reload' } as const, { role: 'toggleDevTools' } as const]
          : []),
      ],
    },
    { role: 'windowMenu' },
    { role: 'help', submenu: [{ role: 'about' }] },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}

/** The page goes there, if somebody is signed in; what is typed in it is asked about first. */
function openDowntime(): void {
  const [window] = BrowserWindow.getAllWindows()
  if (window === undefined) return
  bringToFront(window)
  window.webContents.send(DOWNTIME_CHANNEL)
}
