import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { RegionApi } from '../../support/region-api.ts'

/**
 * Patients with whole charts who do not exist: the sample patients, each many times over, every time with ids, a name, a
 * birth date and identifiers of its own.
 */

const samples = resolve(import.meta.dirname, '../../../samples')
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const atOnce = 4

const families =
  'Abendroth Achterberg Adeyemi Bergmann Brandstätter Chukwu Dahlmann Delgado Eberhardt Fofanah Gärtner Haverkamp Iversen Jankowski Kiplagat Lindqvist Mbeki Mūthoni Nakamura Obermüller Petrović Quintana Rautenberg Sørensen Thiele Uchenna Vassiliadis Wanyama Xylander Yılmaz Zimmermann Østergård'.split(
    ' ',
  )
const givens =
  'Achieng Agnieszka Bernd Chidi Claudia Dietmar Edith Fatima Gregor Hannelore Imani Jürgen Katarzyna Ludwig Małgorzata Njeri Otto Petra Rosemarie Siobhán Tariq Ulrike Veronika Wolfgang Zoë'.split(
    ' ',
  )

/** Imports as many; ends when the region has taken all of them. */
export async function importCharts(
  api: RegionApi,
  count: number,
  log: (text: string) => void,
): Promise<{ bytes: number }> {
  const texts = sampleTexts()
  let next = 0
  let bytes = 0
  const worker = async () => {
    for (let at = next++; at < count; at = next++) {
      const bundle = variant(texts[at % texts.length]!, at)
      bytes += bundle.length
      await importOne(api, bundle)
      if (at % 100 === 99) log(`${at + 1} of ${count} charts imported`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return { bytes }
}

async function importOne(api: RegionApi, bundle: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${api.http}/v1/import?source=bench&homeGroup=frankfurt-general`, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json', authorization: `Bearer ${api.token}` },
      body: bundle,
    })
    const answer = await response.text()
    if (response.status === 200) return
    if (response.status !== 503) throw new Error(`a chart was answered with ${response.status}: ${answer}`)
    await sleep(500)
  }
}

function sampleTexts(): string[] {
  return readdirSync(samples, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(samples, name)).map((file) => readFileSync(join(samples, name, file), 'utf8')),
    )
}

const bundleShape = z.looseObject({
  entry: z.array(z.looseObject({ resource: z.looseObject({ resourceType: z.string() }) })),
})

/** The same chart of somebody else. */
function variant(text: string, at: number): string {
  const bundle = bundleShape.parse(JSON.parse(text.replaceAll(uuid, (id) => otherId(id, at))))
  for (const { resource } of bundle.entry)
    if (resource.resourceType === 'Patient') Object.assign(resource, person(at))
  return JSON.stringify(bundle)
}

function person(at: number) {
  const family = families[at % families.length]!
  // A second name, so that few are confused with each other.
  const second = families[Math.floor(at / families.length) % families.length]!
  const given = givens[(at * 7) % givens.length]!
  const day = new Date(Date.UTC(1930 + (at % 90), at % 12, 1 + (at % 28)))
  return {
    name: [{ use: 'official', family: `${family}-${second}`, given: [given] }],
    birthDate: day.toISOString().slice(0, 10),
    identifier: [{ system: 'urn:meridian:bench', value: `BEN-${String(2_000_000 + at)}` }],
    deceasedBoolean: undefined,
    deceasedDateTime: undefined,
  }
}

function otherId(id: string, at: number): string {
  const hash = createHash('sha256').update(`${id} ${at}`).digest('hex')
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
}
