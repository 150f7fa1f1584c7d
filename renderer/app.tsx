import { MantineProvider } from '@mantine/core'
import { RouterProvider } from '@tanstack/react-router'
import { useMemo } from 'react'
import { openReplica } from './replica/open-replica.ts'
import { createAppRouter } from './routes.tsx'
import { createEntering } from './session/entering.ts'
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
  const entering = useMemo(() => createEntering({ session, open: openReplica }), [session])
  const router = useMemo(() => createAppRouter(), [])
  const state = useStore(session.onChange, session.current)
  const replica = entering.replica()

  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      {state.state === 'signed-in' && replica ? (
        <WorkProvider session={session} who={state} replica={replica}>
          <CommandsProvider>
            <RouterProvider router={router} />
          </CommandsProvider>
        </WorkProvider>
      ) : (
        <SignIn entering={entering} ended={state.state === 'signed-out' && state.ended} />
      )}
    </MantineProvider>
  )
}
