import {
  createRootRoute,
  createRoute,
  createRouter,
  Navigate,
  type RouterHistory,
  useNavigate,
  useParams,
  useSearch,
} from '@tanstack/react-router'
import { lazy } from 'react'
import { z } from 'zod'
import { entryIdPattern } from '../domain/entries/entry.ts'
import { DowntimePage } from './downtime/downtime-page.tsx'
import { OutboxPage } from './outbox/outbox-page.tsx'
import { PatientsPage } from './patients/patients-page.tsx'
import { Shell } from './shell/shell.tsx'

/** The chart brings the plot library with it: the list is there without waiting for either. */
const loadChart = () => import('./chart/chart-page.tsx')
const ChartPage = lazy(loadChart)

const root = createRootRoute({ component: Shell, notFoundComponent: () => <Navigate to="/" replace /> })
const patients = createRoute({ getParentRoute: () => root, path: '/', component: PatientsPage })
const chart = createRoute({
  getParentRoute: () => root,
  path: '/patients/$patientId',
  // What is no id of an entry edits nothing. Said outright: what is left out would come through from the root route.
  validateSearch: ({ edit }: { [name: string]: unknown }): { edit?: string | undefined } => ({
    edit: typeof edit === 'string' && entryIdPattern.test(edit) ? edit : undefined,
  }),
  component: function Chart() {
    const { patientId } = useParams({ from: '/patients/$patientId' })
    const { edit } = useSearch({ from: '/patients/$patientId' })
    // A chart of its own for each patient: nothing of the one before can stay on screen.
    return <ChartPage key={patientId} patientId={patientId} edit={edit} />
  },
})

const outbox = createRoute({
  getParentRoute: () => root,
  path: '/outbox',
  // Whoever signs out can export first.
  validateSearch: z.object({ export: z.boolean().optional().catch(undefined) }),
  component: function Outbox() {
    const search = useSearch({ from: '/outbox' })
    const navigate = useNavigate()
    return (
      <OutboxPage
        exporting={search.export === true}
        onExporting={() => void navigate({ to: '/outbox', replace: true })}
      />
    )
  },
})

// Not loaded when it is wanted: that is the hour in which nothing can be loaded.
const downtime = createRoute({ getParentRoute: () => root, path: '/downtime', component: DowntimePage })

/** Of one sign-in, so that no screen of the one before is drawn. Addresses stand after `#`. */
export function createAppRouter(history: RouterHistory) {
  // Loaded while somebody looks for a patient, not when they have found one.
  requestIdleCallback(() => void loadChart())
  return createRouter({ routeTree: root.addChildren([patients, chart, outbox, downtime]), history })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
