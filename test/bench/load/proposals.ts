import { randomUUID } from 'node:crypto'
import { canonicalJson, type Json, sha256Base64url } from '../../../domain/entries/canonical.ts'
import type { Entry } from '../../../domain/entries/entry.ts'
import { decompose } from '../../../domain/fhir/decompose.ts'
import { documentFor } from '../../../domain/fhir/place.ts'
import type { FhirResource } from '../../../domain/fhir/resource.ts'
import { encodeFrame, type Proposal } from '../../../domain/wire/wire.ts'
import { allergyEntry, type RegionApi } from '../../support/region-api.ts'

/** Proposals made before the clock runs, so that making them costs nothing while it does. */

/** A new allergy in a chart: about 700 bytes, as clinicians enter them. */
export function allergyProposal(api: RegionApi, patient: string, lamport: number): Proposal {
  return proposalOf(allergyEntry(api, patient, lamport))
}

/** A heart rate in the patient's journal of 2026. */
export function heartRateProposal(api: RegionApi, patient: string, lamport: number): Proposal {
  const minute = new Date(Date.UTC(2026, 0, 1) + lamport * 60_000).toISOString()
  const resource: FhirResource = {
    resourceType: 'Observation',
    id: randomUUID(),
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: minute,
    valueQuantity: {
      value: 60 + (lamport % 40),
      unit: 'beats/minute',
      system: 'http://unitsofmeasure.org',
      code: '/min',
    },
  }
  const { subject, aspects } = decompose(resource)
  return proposalOf({
    ...allergyEntry(api, patient, lamport),
    document: documentFor(resource, patient),
    subject,
    aspects: Object.fromEntries(aspects),
  })
}

/** The frame that submits them. */
export function submitFrame(proposals: Proposal[]): Uint8Array {
  return encodeFrame({ channel: 0, type: 'submit', proposals })
}

function proposalOf(entry: Entry): Proposal {
  const text = canonicalJson(entry as unknown as Json)
  return { id: sha256Base64url(text), text }
}
