import { keptTypes } from '../../../domain/fhir/kept.ts'

/** What this interface can do, and nothing else: FHIR R4 asks every server for it at `metadata`. */
export function capabilityStatement(base: string) {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-11-24',
    kind: 'instance',
    software: { name: 'Meridian' },
    implementation: { description: 'One region of a Meridian cluster', url: base },
    fhirVersion: '4.0.1',
    format: ['application/fhir+json', 'json'],
    rest: [
      {
        mode: 'server',
        security: { description: 'Every call carries a bearer token of POST /v1/session.' },
        resource: keptTypes.map((type) => ({
          type,
          interaction: [{ code: 'read' }, ...(type === 'Patient' ? [{ code: 'search-type' }] : [])],
          versioning: 'versioned',
          ...(type === 'Patient' ? patientSearch : {}),
        })),
      },
    ],
  }
}

const patientSearch = {
  searchParam: [
    {
      name: 'name',
      type: 'string',
      documentation: 'Begins with, whatever case and accents; modifiers exact and contains.',
    },
    { name: 'identifier', type: 'token' },
    { name: 'birthdate', type: 'date', documentation: 'Prefixes eq, ne, gt, lt, ge and le.' },
    { name: '_id', type: 'token' },
  ],
  operation: [
    {
      name: 'everything',
      definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
    },
  ],
}
