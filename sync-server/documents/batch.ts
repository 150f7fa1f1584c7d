/**
 * Collects the keys that are asked for within one turn of the event loop, and looks all of them up at once. A key that
 * is asked for twice is looked up once. Nothing is remembered.
 */
export function createBatch<Value>(
  lookUp: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): (key: string) => Promise<Value | undefined> {
  let keys = new Set<string>()
  let answer: Promise<ReadonlyMap<string, Value>> | undefined

  async function atTheEnd(): Promise<ReadonlyMap<string, Value>> {
    await new Promise((resolve) => setImmediate(resolve))
    const asked = [...keys]
    keys = new Set()
    answer = undefined
    return lookUp(asked)
  }

  return async (key) => {
    keys.add(key)
    answer ??= atTheEnd()
    return (await answer).get(key)
  }
}
