import { useEffect, useState } from 'react'

const minuteMs = 60_000

/** The end of the running minute, ms since 1970; moves on by itself, so that what is old looks old on a chart left open. */
export function useMinute(): number {
  const [minute, setMinute] = useState(nextMinute)
  useEffect(() => {
    const tick = () => setMinute(nextMinute())
    const timer = setInterval(tick, minuteMs / 4)
    // Timers sleep with the machine.
    document.addEventListener('visibilitychange', tick)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', tick)
    }
  }, [])
  return minute
}

function nextMinute(): number {
  return Math.ceil(Date.now() / minuteMs) * minuteMs
}
