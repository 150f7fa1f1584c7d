import { Hono } from 'hono'
import { z } from 'zod'
import { isDocumentName, parseDocumentName, patientOf } from '../../domain/documents/document-name.ts'
import { entryIdPattern } from '../../domain/entries/entry.ts'
import { frameLimits } from '../../domain/wire/wire.ts'
import { readJson } from './body.ts'
import type { HttpDeps, HttpEnv } from './context.ts'
import { problem } from './problem.ts'

const proposals = z.strictObject({ entries: z.array(z.unknown()).max(frameLimits.proposalsPerSubmit) })

/** Proposing entries without a socket, and asking what became of one. The admission is that of `submit`. */
export function entriesRoutes({ store, admission }: HttpDeps) {
  const routes = new Hono<HttpEnv>()

  routes.post('/', async (c) => {
    const { entries } = await readJson(c, proposals)
    const { acks, refusals } = await admission.submitValues(entries, c.get('identity'))
    return c.json({ committed: acks, refused: refusals })
  })

  routes.get('/:id', async (c) => {
    const id = c.req.param('id')
    const found = entryIdPattern.test(id) ? await store.entries.find(id) : undefined
    if (!found) return problem('not-found', 'this region holds no such entry')
    if (isErased(found.document)) return problem('erased', 'what this entry was about was erased')
    return c.json({ id, document: found.document, subject: found.subject, committed: found.commits })
  })

  function isErased(document: string): boolean {
    const name = parseDocumentName(document)
    const patient = isDocumentName(name) ? patientOf(name) : undefined
    return patient !== undefined && store.erased.has(patient)
  }

  return routes
}
