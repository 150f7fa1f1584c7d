/** Has the browser keep the app's files, where a region hands them out. Without it the app works as long as one does. */
export function keepShell(): void {
  if (!('serviceWorker' in navigator) || !location.protocol.startsWith('http')) return
  navigator.serviceWorker.register('./offline.js').catch(() => undefined)
}
