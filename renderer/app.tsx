import { MantineProvider } from '@mantine/core'
import { RouterProvider } from '@tanstack/react-router'
import { useMemo } from 'react'
import { createAppRouter } from './routes.tsx'
import { createCarried } from './session/carried.ts'
import { createCall } from './session/http.ts'
import { createSession } from './session/session.ts'
import { SignIn } from './session/sign-in.tsx'
import { fetchHere, WorkProvider } from './session/use-work.tsx'
import { useStore } from './shell/store.ts'
import { CommandsProvider } from './shell/use-commands.tsx'
import { cssVariables, theme } from './theme.ts'

/** Signed out: the sign-in page, whatever the address. Signed in: the screen that the address names. */
export function App() {
  const session = useMemo(
    () =>
      createSession({
        call: createCall({ fetch: fetchHere }),
        now: Date.now,
        after: (ms, then) => {
          const timer = setTimeout(then, ms)
          return () => clearTimeout(timer)
        },
      }),
    [],
  )
  const carried = useMemo(() => createCarried(), [])
  const router = useMemo(() => createAppRouter(), [])
  const state = useStore(session.onChange, session.current)

  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      {state.state === 'signed-in' ? (
        <WorkProvider session={session} who={state} carried={carried}>
          <CommandsProvider>
            <RouterProvider router={router} />
          </CommandsProvider>
        </WorkProvider>
      ) : (
        <SignIn session={session} ended={state.ended} carried={carried} />
      )}
    </MantineProvider>
  )
}
