import type { Timers } from '../../sync-server/store/timers.ts'
import type { Schedule } from './schedule.ts'

/**
 * One operating-system process. Its code runs only when something that it waits for comes about: so to kill it at a
 * moment is to kill it at whatever it awaits then, and to stop it (SIGSTOP) is to keep what comes until it goes on.
 */
export type ServerProcess = {
  name: string
  state(): 'running' | 'stopped' | 'dead'
  /** Something that the process waits for comes about now: a dead process does not hear of it, a stopped one later. */
  wake(act: () => void): void
  timers: Timers
  kill(): void
  stop(): void
  resume(): void
  /** Called once, at the end, in the order of asking. */
  onEnd(listener: () => void): void
}

export function createServerProcess(name: string, schedule: Schedule): ServerProcess {
  let state: 'running' | 'stopped' | 'dead' = 'running'
  let kept: (() => void)[] = []
  const listeners: (() => void)[] = []

  function wake(act: () => void): void {
    if (state === 'running') act()
    else if (state === 'stopped') kept.push(act)
  }

  const after = (ms: number, act: () => void) => schedule.after(ms, () => wake(act))
  const timers: Timers = {
    now: schedule.now,
    after,
    wait: (ms) => new Promise((resolve) => void after(ms, resolve)),
    soon: () => new Promise((resolve) => void after(0, resolve)),
    every(ms, act) {
      let stop = () => {}
      const again = () => {
        stop = after(ms, () => {
          again()
          act()
        })
      }
      again()
      return () => stop()
    },
  }

  return {
    name,
    state: () => state,
    wake,
    timers,
    kill() {
      if (state === 'dead') return
      state = 'dead'
      kept = []
      schedule.trace(`${name} is dead`)
      for (const listener of listeners) listener()
    },
    stop() {
      if (state === 'running') state = 'stopped'
    },
    resume() {
      if (state !== 'stopped') return
      state = 'running'
      for (const act of kept.splice(0)) schedule.after(0, () => wake(act))
    },
    onEnd(listener) {
      if (state === 'dead') listener()
      else listeners.push(listener)
    },
  }
}
