import { Loader } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import classes from './slow.module.css'

/** Shown only if it takes longer than 150 ms: what is quick should not flicker. */
export function Slow({ children }: { children: ReactNode }) {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 150)
    return () => clearTimeout(timer)
  }, [])
  return slow ? children : null
}

export function SlowProgress({ label }: { label: string }) {
  return (
    <Slow>
      <div className={classes.progress} role="status">
        <Loader size="sm" />
        <span>{label}</span>
      </div>
    </Slow>
  )
}
