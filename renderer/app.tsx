import { MantineProvider } from '@mantine/core'
import { createHashHistory, RouterProvider } from '@tanstack/react-router'
import { useMemo } from 'react'
import { openReplica } from './replica/open-replica.ts'
import { createAppRouter } from './routes.tsx'
import { createEntering } from './session/entering.ts'
import { createCall } from './session/http.ts'
import { keepPlacesApart } from './session/left-places.ts'
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
  // Addresses after `#`, so that they work at `/` of a region and at `app://meridian/` alike.
  const history = useMemo(() => createHashHistory(), [])
  useMemo(
    () =>
      keepPlacesApart({
        session,
        storage: sessionStorage,
        places: {
          current: () => history.location.href,
          index: () => history.location.state.__TSR_index,
          back: (steps) => history.go(-steps),
          replace: (place) => history.replace(place),
          push: (place) => history.push(place),
          onMove: (listener) => history.subscribe(listener),
        },
        soon: (act) => setTimeout(act, 0),
      }),
    [session, history],
  )
  const state = useStore(session.onChange, session.current)
  const replica = entering.replica()
  // biome-ignore lint/correctness/useExhaustiveDependencies: each sign-in has a router of its own
  const router = useMemo(() => createAppRouter(history), [history, replica])

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
