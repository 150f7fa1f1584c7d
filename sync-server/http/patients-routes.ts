import { Hono } from 'hono'
import { patientName } from '../../domain/display/patient-name.ts'
import { asList, asObject, asText, isResource } from '../../domain/fhir/resource.ts'
import type { HomeGroupConfig } from '../config/config.ts'
import type { PatientSummary } from '../store/ports.ts'
import type { HttpDeps, HttpEnv } from './context.ts'
import { problem } from './problem.ts'

/** One line of the worklist. */
export type WorklistPatient = {
  id: string
  /** `SMITH, John (Mr)`. */
  name: string
  /** FHIR date. */
  born?: string
  gender?: string
  /** The first identifier that has a value. */
  identifier?: string
  /** True, or since when. Absent while nobody has said so. */
  deceased?: true | string
  homeGroup: string
  /** Home region of the group. */
  home: string
  /** True if something was stated about the patient that this region's version does not understand. */
  incomplete?: true
  /** IANA name of the time zone in which this patient is cared for. */
  timeZone: string
}

/** Who is known here. Until access control every clinician sees every patient. */
export function patientsRoutes({ config, store }: Pick<HttpDeps, 'config' | 'store'>) {
  const routes = new Hono<HttpEnv>()
  const groups = new Map(config.homeGroups.map((group) => [group.name, group]))
  const alphabet = new Intl.Collator('en')

  routes.get('/patients/:id', async (c) => {
    const id = c.req.param('id')
    if (store.erased.has(id)) return problem('erased', 'nothing about this patient is kept any more')
    const patient = store.patients.get(id)
    if (!patient) return problem('not-found', 'this region knows no such patient')
    const group = groups.get(patient.homeGroup)
    return c.json({
      id: patient.id,
      homeGroup: patient.homeGroup,
      home: group?.home ?? null,
      timeZone: timeZoneOf(group),
      documents: await store.entries.documentsOf(patient.id),
    })
  })

  routes.get('/worklist', (c) => {
    const patients = [...store.patients.all()].map((patient) =>
      lineOf(patient, groups.get(patient.homeGroup)),
    )
    patients.sort((a, b) => alphabet.compare(a.name, b.name) || (a.id < b.id ? -1 : 1))
    return c.json({ patients })
  })

  return routes
}

/** A group that this region's configuration does not know is shown in UTC. */
function timeZoneOf(group: HomeGroupConfig | undefined): string {
  return group?.timeZone ?? 'UTC'
}

function lineOf(
  { id, homeGroup, resource, incomplete }: PatientSummary,
  group: HomeGroupConfig | undefined,
): WorklistPatient {
  const patient = isResource(resource) ? resource : { resourceType: 'Patient', id }
  const born = asText(patient['birthDate'])
  const gender = asText(patient['gender'])
  const identifier = asList(patient['identifier'])
    .map((i) => asText(asObject(i)?.['value']))
    .find((value) => value !== undefined)
  const deceased = patient['deceasedBoolean'] === true ? true : asText(patient['deceasedDateTime'])
  return {
    id,
    name: patientName(patient),
    ...(born === undefined ? {} : { born }),
    ...(gender === undefined ? {} : { gender }),
    ...(identifier === undefined ? {} : { identifier }),
    ...(deceased === undefined ? {} : { deceased }),
    ...(incomplete ? { incomplete } : {}),
    homeGroup,
    home: group?.home ?? '',
    timeZone: timeZoneOf(group),
  }
}
