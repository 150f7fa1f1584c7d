/**
 * Virtual time. Things happen at their moment, one after the other; between two of them everything that was awaited
 * goes on until it waits again. Nothing depends on real time: the same acts give the same history, told by `trace`.
 */
export type Schedule = {
  /** Virtual ms since the beginning. */
  now(): number
  /** Returns how to call it off. */
  after(ms: number, act: () => void): () => void
  /** Lets everything happen that is due up to this moment. */
  runUntil(moment: number): Promise<void>
  /** A line of the history. */
  trace(text: string): void
  /** Tells one history from another, as hexadecimal. */
  hash(): string
  events(): number
}

type Happening = { at: number; order: number; act: (() => void) | undefined }

/** @param tell hears every line of the history. */
export function createSchedule(tell?: (line: string) => void): Schedule {
  let now = 0
  let order = 0
  let happened = 0
  const heap: Happening[] = []
  const sum = createSum()

  return {
    now: () => now,
    after(ms, act) {
      order += 1
      const happening: Happening = { at: now + Math.max(0, ms), order, act }
      push(heap, happening)
      return () => {
        happening.act = undefined
      }
    },
    async runUntil(moment) {
      for (let next = heap[0]; next && next.at <= moment; next = heap[0]) {
        pop(heap)
        if (!next.act) continue
        now = next.at
        happened += 1
        next.act()
        await everythingAwaited()
      }
      now = Math.max(now, moment)
    },
    trace(text) {
      const line = `${now.toFixed(3)} ${text}`
      sum.add(line)
      tell?.(line)
    },
    hash: sum.text,
    events: () => happened,
  }
}

/** A turn of the event loop begins when no promise has anything left to do. */
function everythingAwaited(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: Happening[], added: Happening): void {
  let at = heap.length
  heap.push(added)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(added, heap[parent]!)) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = added
}

function pop(heap: Happening[]): void {
  const last = heap.pop()
  if (heap.length === 0 || !last) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
    if (!isBefore(heap[child]!, last)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
}

/** A running sum over text, 53 bits (cyrb53): enough to tell whether two runs were the same. */
function createSum() {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  return {
    add(text: string) {
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i)
        a = Math.imul(a ^ code, 2654435761)
        b = Math.imul(b ^ code, 1597334677)
      }
    },
    text: () => (4294967296 * (2097151 & (b >>> 0)) + (a >>> 0)).toString(16),
  }
}
