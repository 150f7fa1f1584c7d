import { useEffect, useState } from 'react'

/** Sheets that are laid out in one turn. */
const step = 20

/** Grows from a few to `total`, a few in each turn: a thousand sheets at once would freeze the window. */
export function useGrowing(total: number): number {
  const [count, setCount] = useState(() => Math.min(step, total))
  useEffect(() => {
    if (count >= total) return
    const timer = setTimeout(() => setCount((now) => Math.min(now + step, total)))
    return () => clearTimeout(timer)
  }, [count, total])
  return Math.min(count, total)
}
