import type { z } from 'zod'
import { type ReplicaDatabase, valueRowShape } from './database.ts'
import { parseJson } from './stored-change.ts'
import type { Vault } from './vault.ts'
import { type Written, written } from './written.ts'

/** Single values by name, as JSON: the list of patients, who signed in, how far copies are current. */
export type StoredValues = {
  put(name: string, value: unknown): Promise<Written>
  /** Undefined if there is none, or none of this shape. */
  get<T>(name: string, shape: z.ZodType<T>): Promise<T | undefined>
  remove(name: string): Promise<Written>
}

export function createStoredValues(deps: { database: ReplicaDatabase; vault: Vault }): StoredValues {
  const { rows } = deps.database
  const keyOf = (name: string) => deps.vault.rowKey('value', name)
  const placeOf = (key: string) => `rows/${key}`
  return {
    async put(name, value) {
      const key = await keyOf(name)
      const bytes = new TextEncoder().encode(JSON.stringify(value))
      const sealed = await deps.vault.seal(placeOf(key), bytes)
      return written(() => rows.put({ key, sealed }))
    },
    async get(name, shape) {
      const key = await keyOf(name)
      const row = valueRowShape.safeParse(await rows.get(key))
      const bytes = row.success ? await deps.vault.open(placeOf(key), row.data.sealed) : undefined
      const parsed = bytes && shape.safeParse(parseJson(new TextDecoder().decode(bytes)))
      return parsed?.success ? parsed.data : undefined
    },
    async remove(name) {
      const key = await keyOf(name)
      return written(() => rows.delete(key))
    },
  }
}
