import * as Y from 'yjs'

/** A part of a Yjs update: an item, or the trace of ones that were collected. */
export type Struct = Y.Item | Y.GC

/**
 * The structs of an update in an order in which each comes behind everything that it builds on, as Yjs needs it.
 *
 * `missing`: it builds on something that this document does not have. Yjs would put it aside; what waits in a document
 * can neither be stored nor told apart from what other regions sent, so such an update is not applied at all.
 * `malformed`: it builds on itself, which no Yjs client ever wrote, and at which Yjs would stumble half way.
 */
export function causalOrder(
  structs: readonly (Struct | Y.Skip)[],
  doc: Y.Doc,
): Struct[] | 'missing' | 'malformed' {
  const queues = new Map<number, { structs: Struct[]; at: number }>()
  for (const struct of structs) {
    if (struct instanceof Y.Skip) continue
    const queue = queues.get(struct.id.client)
    if (queue) queue.structs.push(struct)
    else queues.set(struct.id.client, { structs: [struct], at: 0 })
  }
  const reached = new Map<number, number>()
  const reach = (client: number) => reached.get(client) ?? Y.getState(doc.store, client)
  const order: Struct[] = []

  // The highest client first, as Yjs does: the other way round neighbours would be compared more often.
  for (const first of [...queues.keys()].sort((a, b) => b - a)) {
    // Clients that wait for each other, the last one first, and the clock at which the one before goes on.
    const waiting = [{ client: first, until: Number.POSITIVE_INFINITY }]
    const waits = new Set([first])
    for (let top = waiting.at(-1); top; top = waiting.at(-1)) {
      const { client, until } = top
      const queue = queues.get(client)
      const struct = queue?.structs[queue.at]
      if (!struct || reach(client) > until) {
        if (reach(client) <= until && waiting.length > 1) return 'missing'
        waits.delete(client)
        waiting.pop()
        continue
      }
      if (struct.id.clock > reach(client)) return 'missing'
      const lacking = basesOf(struct).find((id) => id.clock >= reach(id.client))
      if (!lacking) {
        order.push(struct)
        reached.set(client, Math.max(reach(client), struct.id.clock + struct.length))
        queue!.at += 1
      } else if (waits.has(lacking.client)) return 'malformed'
      else {
        waits.add(lacking.client)
        waiting.push({ client: lacking.client, until: lacking.clock })
      }
    }
  }
  return order
}

/** What an item builds on directly: its neighbours, or the type that it lies in. */
function basesOf(struct: Struct): Y.ID[] {
  if (!(struct instanceof Y.Item)) return []
  return [struct.origin, struct.rightOrigin, struct.parent].filter((base) => base instanceof Y.ID)
}
