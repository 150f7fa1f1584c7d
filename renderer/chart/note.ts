import type { Json, JsonObject } from '../../domain/entries/canonical.ts'
import { asList } from '../../domain/fhir/resource.ts'

/** The same with a note more, by whom and when; notes are added, never rewritten. An empty one adds nothing. */
export function withNote<T extends { [element: string]: Json | undefined }>(
  resource: T,
  text: string,
  { user, now }: { user: { name: string }; now: string },
): T {
  if (text.trim() === '') return resource
  const note: JsonObject = { authorString: user.name, time: now, text: text.trim() }
  return { ...resource, note: [...asList(resource['note']), note] }
}
