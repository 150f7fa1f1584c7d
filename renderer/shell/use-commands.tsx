import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react'
import { type Command, createKeys } from './keyboard.ts'

type Handlers = Map<Command, () => void>

type Commands = {
  handlers: Handlers
  /** Single keys can be switched off (WCAG 2.1.4): speech input types them by accident. */
  enabled: boolean
  setEnabled: (enabled: boolean) => void
}

const CommandsContext = createContext<Commands | undefined>(undefined)
const remembered = 'meridian.single-keys'

export function CommandsProvider({ children }: { children: ReactNode }) {
  const handlers = useRef<Handlers>(new Map())
  const [enabled, setEnabled] = useState(() => localStorage.getItem(remembered) !== 'off')

  useEffect(() => {
    localStorage.setItem(remembered, enabled ? 'on' : 'off')
    if (!enabled) return
    const keys = createKeys()
    const onKeyDown = (event: KeyboardEvent) => {
      const command = keys.press({
        key: event.key,
        modified: event.ctrlKey || event.altKey || event.metaKey,
        typing: isTyping(event.target) || event.defaultPrevented,
        at: event.timeStamp,
      })
      const handler = command && handlers.current.get(command)
      if (!handler) return
      event.preventDefault()
      handler()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [enabled])

  const value = useMemo(() => ({ handlers: handlers.current, enabled, setEnabled }), [enabled])
  return <CommandsContext value={value}>{children}</CommandsContext>
}

export function useCommands(): Commands {
  const commands = useContext(CommandsContext)
  if (!commands) throw new Error('useCommands stands outside of CommandsProvider')
  return commands
}

/** Answers a command for as long as the component is on screen. The last one to come answers. */
export function useCommand(command: Command, handler: () => void): void {
  const { handlers } = useCommands()
  const latest = useRef(handler)
  latest.current = handler
  useEffect(() => {
    const before = handlers.get(command)
    const mine = () => latest.current()
    handlers.set(command, mine)
    return () => {
      if (handlers.get(command) !== mine) return
      if (before) handlers.set(command, before)
      else handlers.delete(command)
    }
  }, [handlers, command])
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)
}
