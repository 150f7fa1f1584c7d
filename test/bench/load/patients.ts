import { randomUUID } from 'node:crypto'
import type { RegionApi } from '../../support/region-api.ts'

/** Patients who do not exist, brought in as a hospital's system would. Returns their ids. */
export async function importPatients(api: RegionApi, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID())
  const entry = ids.map((id, i) => ({
    resource: {
      resourceType: 'Patient',
      id,
      name: [{ use: 'official', family: `Bench${i}`, given: ['Ada'] }],
      gender: 'female',
      birthDate: '1960-02-03',
    },
  }))
  const bundle = { resourceType: 'Bundle', type: 'collection', entry }
  const { status } = await api.post('/v1/import?source=bench', bundle, 'application/fhir+json')
  if (status !== 200) throw new Error(`the patients were not taken: ${status}`)
  return ids
}
