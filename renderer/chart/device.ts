/** Which window states something: a random name for as long as the window lives, and a count of its statements. */
export function windowDevice(storage: Pick<Storage, 'getItem' | 'setItem'>, newId: () => string) {
  const kept = storage.getItem(nameKey)
  const device = kept ?? `window-${newId()}`
  if (kept === null) storage.setItem(nameKey, device)
  return {
    device,
    nextDeviceSeq(): number {
      const next = Number(storage.getItem(countKey) ?? 0) + 1
      storage.setItem(countKey, String(next))
      return next
    },
  }
}

const nameKey = 'meridian.device'
const countKey = 'meridian.device-seq'
