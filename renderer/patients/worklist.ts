import { z } from 'zod'

/** One patient on a clinician's list. */
export type PatientRow = {
  id: string
  /** `SMITH, John (Mr)`. */
  name: string
  /** FHIR date, or nothing if it is not recorded. */
  born: string | undefined
  gender: string | undefined
  identifier: string | undefined
  /** Home region, or the home group if the region does not say. */
  home: string
  homeGroup: string
  /** IANA name of the time zone of the patient's home. */
  timeZone: string
  /** True, or the date, once the patient has died. */
  deceased: boolean | string
}

const text = z.string().nullish()

/** The answer of `GET /v1/worklist`, as far as this app reads it. */
export const worklistShape = z
  .object({
    patients: z.array(
      z.object({
        id: z.string(),
        name: text,
        born: text,
        gender: text,
        identifier: text,
        homeGroup: z.string(),
        home: text,
        timeZone: z.string().default('UTC'),
        deceased: z.union([z.boolean(), z.string()]).nullish(),
      }),
    ),
  })
  .transform(({ patients }): PatientRow[] =>
    patients.map((p) => ({
      id: p.id,
      name: p.name ?? '',
      born: p.born ?? undefined,
      gender: p.gender ?? undefined,
      identifier: p.identifier ?? undefined,
      home: p.home ?? p.homeGroup,
      homeGroup: p.homeGroup,
      timeZone: p.timeZone,
      deceased: p.deceased ?? false,
    })),
  )

/** A row as this device keeps it: what is undefined is left out there. */
export const patientRowShape = z
  .object({
    id: z.string(),
    name: z.string(),
    born: z.string().optional(),
    gender: z.string().optional(),
    identifier: z.string().optional(),
    home: z.string(),
    homeGroup: z.string(),
    timeZone: z.string(),
    deceased: z.union([z.boolean(), z.string()]),
  })
  .transform(
    (kept): PatientRow => ({ ...kept, born: kept.born, gender: kept.gender, identifier: kept.identifier }),
  )
