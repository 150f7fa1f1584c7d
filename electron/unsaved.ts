import { type BrowserWindow, dialog } from 'electron'

/**
 * Asks before a page goes that says it holds something unsaved. A browser does that by itself; here the window would
 * only refuse to close, without a word.
 */
export function askBeforeLeaving(window: BrowserWindow): void {
  window.webContents.on('will-prevent-unload', (event) => {
    const answer = dialog.showMessageBoxSync(window, {
      type: 'question',
      title: 'Meridian',
      message: 'Something here is not saved yet',
      detail: 'If you leave now, it is lost.',
      buttons: ['Stay', 'Leave'],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    })
    // To prevent the prevention is to leave.
    if (answer === 1) event.preventDefault()
  })
}
