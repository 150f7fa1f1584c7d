import { useMemo } from 'react'
import { useWork } from '../session/use-work.tsx'
import type { Author } from './author.ts'
import { windowDevice } from './device.ts'
import { localDateTime } from './zoned-time.ts'

/** The person who signed in, at this window, now. */
export function useAuthor(): () => Author {
  const { user } = useWork().who
  return useMemo(() => {
    const newId = () => crypto.randomUUID()
    const { device, nextDeviceSeq } = windowDevice(sessionStorage, newId)
    return () => ({ user, device, nextDeviceSeq, now: localDateTime(Date.now()), newId })
  }, [user])
}
