import { canonicalJson, type JsonObject, sha256Base64url } from '../entries/canonical.ts'

/** What may stand behind the slash of an aspect's name. */
const suffixPattern = /^[A-Za-z0-9._-]{1,64}$/
const hashLength = 22

/**
 * Names the items of a list for their aspects: by their own `id`, else by the first 22 characters of the base64url
 * SHA-256 of their canonical JSON. A name that is taken goes on with `.2`, `.3` …
 */
export function itemIds(items: readonly JsonObject[]): string[] {
  const taken = new Set<string>()
  /** Name → the number with which the last of its continuations ended: all before are taken. */
  const last = new Map<string, number>()

  /** The name itself, or its first continuation that is not taken. */
  function freeName(name: string): string {
    let free = name
    for (let n = last.get(name) ?? 2; taken.has(free); n++) {
      last.set(name, n)
      free = `${name}.${n}`
    }
    return free
  }

  return items.map((item) => {
    const own = typeof item['id'] === 'string' ? freeName(item['id']) : ''
    const id = suffixPattern.test(own) ? own : freeName(hashOf(item))
    taken.add(id)
    return id
  })
}

function hashOf(item: JsonObject): string {
  return sha256Base64url(canonicalJson(item)).slice(0, hashLength)
}
