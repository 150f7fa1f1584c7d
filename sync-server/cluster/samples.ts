import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { demoPassword } from './people.ts'

/**
 * The sample patients: `samples/<homeGroup>/*.json`, each a FHIR Bundle, imported by the operator in the group's home
 * region. An import is idempotent; the hash of a group's files only spares doing it at every start.
 */

export type SampleSet = { group: string; files: string[]; hash: string }

/** Samples of these home groups, from `folder`. */
export function findSamples(folder: string, groups: readonly string[]): SampleSet[] {
  return groups.flatMap((group) => {
    const own = join(folder, group)
    if (!statSync(own, { throwIfNoEntry: false })?.isDirectory()) return []
    const files = readdirSync(own)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(own, name))
    const hash = createHash('sha256')
    for (const file of files) hash.update(createHash('sha256').update(readFileSync(file)).digest())
    return files.length > 0 ? [{ group, files, hash: hash.digest('base64url') }] : []
  })
}

/**
 * Imports one group's samples through its home region.
 * @returns what could not be taken, in words, or undefined if all was
 */
export async function importSamples(
  set: SampleSet,
  http: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const token = await signIn(http, signal)
  for (const file of set.files) {
    const response = await fetch(
      `${http}/v1/import?source=samples&homeGroup=${encodeURIComponent(set.group)}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/fhir+json', authorization: `Bearer ${token}` },
        body: readFileSync(file),
        signal,
      },
    )
    const answer = await response.text()
    if (response.status !== 200)
      return `${file} was answered with ${response.status}: ${answer.slice(0, 500)}`
  }
  return undefined
}

const sessionShape = z.looseObject({ token: z.string() })

async function signIn(http: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(`${http}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'operator', password: demoPassword }),
    signal,
  })
  if (response.status !== 200) throw new Error(`the operator cannot sign in at ${http} (${response.status})`)
  return sessionShape.parse(await response.json()).token
}
