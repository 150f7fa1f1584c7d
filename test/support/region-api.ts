import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { chartOf } from '../../domain/documents/document-name.ts'
import type { Entry } from '../../domain/entries/entry.ts'

/** A region as an outsider sees it: HTTP with a token, nothing else. */
export type RegionApi = {
  http: string
  token: string
  get(path: string): Promise<{ status: number; body: Json }>
  post(path: string, body: unknown, contentType?: string): Promise<{ status: number; body: Json }>
  user: { id: string; name: string; role: string; organisation: string }
}

type Json = { [key: string]: unknown }
export type Vectors = { flushed: { [origin: string]: number }; servable: { [origin: string]: number } }

/** Signs in to a region. */
export async function signIn(http: string, username: string, password = 'meridian'): Promise<RegionApi> {
  const call = async (path: string, init: RequestInit): Promise<{ status: number; body: Json }> => {
    const response = await fetch(http + path, init)
    return { status: response.status, body: (await response.json()) as Json }
  }
  const post =
    (token: string | undefined) =>
    (path: string, body: unknown, contentType = 'application/json') =>
      call(path, {
        method: 'POST',
        headers: { 'content-type': contentType, ...(token ? { authorization: `Bearer ${token}` } : {}) },
        body: JSON.stringify(body),
      })
  const { status, body } = await post(undefined)('/v1/session', { username, password })
  if (status !== 200) throw new Error(`${http} does not let ${username} in: ${status}`)
  const { token, user } = body as { token: string; user: RegionApi['user'] }
  return {
    http,
    token,
    user: { ...user, organisation: organisationIn(token) },
    get: (path) => call(path, { headers: { authorization: `Bearer ${token}` } }),
    post: post(token),
  }
}

function organisationIn(token: string): string {
  const payload = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8')) as Json
  return String(payload['organisation'])
}

/** What a region says that it has; undefined while it does not answer. */
export async function vectorsOf(http: string): Promise<Vectors | undefined> {
  try {
    const response = await fetch(`${http}/health`)
    return ((await response.json()) as { vectors?: Vectors }).vectors
  } catch {
    return undefined
  }
}

/** Waits until all these regions have flushed, and can open, the same rows. Returns what. */
export async function untilEqual(
  https: readonly string[],
  timeoutMs = 30_000,
): Promise<{ [origin: string]: number }> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const all = await Promise.all(https.map(vectorsOf))
    const texts = new Set(
      all.flatMap((v) => (v ? [JSON.stringify(v.flushed), JSON.stringify(v.servable)] : ['no answer'])),
    )
    if (texts.size === 1 && all[0]) return all[0].flushed
    if (Date.now() > until) throw new Error(`regions did not become equal: ${JSON.stringify(all)}`)
    await sleep(100)
  }
}

/** A new entry of this clinician: an allergy in a patient's chart. */
export function allergyEntry(api: RegionApi, patientId: string, lamport: number, substance = 'Latex'): Entry {
  const entry: Entry = {
    schema: 1,
    minReader: 1,
    document: chartOf(patientId),
    subject: `AllergyIntolerance/${randomUUID()}`,
    aspects: {
      code: { code: { text: substance } },
      rest: { patient: { reference: `Patient/${patientId}` } },
      status: {
        clinicalStatus: {
          coding: [
            { system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' },
          ],
        },
        verificationStatus: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',
              code: 'confirmed',
            },
          ],
        },
      },
    },
    supersedes: [],
    lamport,
    author: { user: api.user.id, role: api.user.role, organisation: api.user.organisation },
    device: 'test',
    deviceSeq: lamport,
    recordedAt: new Date().toISOString(),
    rules: 1,
  }
  return entry
}

/** Proposes entries; every one must be committed. Returns their ids. */
export async function commitAll(api: RegionApi, entries: readonly Entry[]): Promise<string[]> {
  const { status, body } = await api.post('/v1/entries', { entries })
  const refused = body['refused'] as unknown[] | undefined
  if (status !== 200 || refused?.length)
    throw new Error(`entries were not committed: ${status} ${JSON.stringify(refused)}`)
  return (body['committed'] as { id: string }[]).map((commit) => commit.id)
}

/** `$everything` of a patient without what names the region that was asked. */
export async function everything(
  api: RegionApi,
  patientId: string,
): Promise<{ text: string; resources: Json[] }> {
  const { status, body } = await api.get(`/fhir/R4/Patient/${patientId}/$everything`)
  if (status !== 200) throw new Error(`$everything answers ${status}`)
  const text = JSON.stringify(body).replaceAll(api.http, '')
  return { text, resources: ((body['entry'] ?? []) as { resource: Json }[]).map((entry) => entry.resource) }
}
