/** Hands a file to the browser's downloads; the desktop app asks where to put it. Neither says whether it was kept. */
export function saveFile(name: string, bytes: Uint8Array<ArrayBuffer> | string): void {
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  // The download reads it after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** `meridian-changes-20261124-1402.meridian`: when it was made on this device, and nothing else. */
export function fileName(what: 'changes' | 'damaged', now: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`
  return `meridian-${what}-${day}-${two(now.getHours())}${two(now.getMinutes())}.${what === 'changes' ? 'meridian' : 'json'}`
}
