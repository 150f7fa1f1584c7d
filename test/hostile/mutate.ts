import type { Random } from './random.ts'

/** Ways in which bytes go wrong: by chance, and by somebody who knows what decoders stumble over. */

type Mutation = (bytes: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array

/** Longest result: what is spliced again and again would grow without end. */
const mostBytes = 64 * 1024

/** A valid byte string, damaged in one to four places. `others` lend their parts. */
export function mutated(bytes: Uint8Array, others: readonly Uint8Array[], random: Random): Uint8Array {
  let result = bytes
  for (let times = 1 + random.below(4); times > 0; times--)
    result = random.pick(mutations)(result, random, others)
  return result.slice(0, mostBytes)
}

const edges = [0, 1, 0x0a, 0x7e, 0x7f, 0x80, 0xc0, 0xfe, 0xff]
/** Varuints that promise much: 2^32 - 1, 2^32, 2^53 - 1, beyond that, and one that never ends. */
const promises = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
].map((bytes) => Uint8Array.from(bytes))

const mutations: readonly Mutation[] = [
  // A bit flips.
  (bytes, random) => changed(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  // A byte becomes another, or one at an edge.
  (bytes, random) => changed(bytes, random, () => random.below(256)),
  (bytes, random) => changed(bytes, random, () => random.pick(edges)),
  (bytes, random) => changed(bytes, random, (byte) => (byte + (random.chance(0.5) ? 1 : 255)) & 255),
  // The end, the beginning, or a piece between is cut off.
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => bytes.subarray(random.below(bytes.length + 1)),
  (bytes, random) => without(bytes, ...range(bytes, random)),
  // A piece comes twice, elsewhere, or from something else.
  (bytes, random) => inserted(bytes, random, bytes.subarray(...range(bytes, random))),
  (bytes, random) => {
    const [from, to] = range(bytes, random)
    return inserted(without(bytes, from, to), random, bytes.subarray(from, to))
  },
  (bytes, random, others) => {
    const other = others.length > 0 ? random.pick(others) : bytes
    return inserted(bytes, random, other.subarray(...range(other, random)))
  },
  (bytes, random, others) => {
    const other = others.length > 0 ? random.pick(others) : bytes
    return joined(
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    )
  },
  // Something random, something promised, or nothing but zeros.
  (bytes, random) => inserted(bytes, random, random.bytes(1 + random.below(8))),
  (bytes, random) => inserted(bytes, random, random.pick(promises)),
  (bytes, random) => {
    const at = random.below(bytes.length + 1)
    return joined(bytes.subarray(0, at), random.pick(promises), bytes.subarray(at + 1))
  },
  (bytes, random) => {
    const zeroed = bytes.slice()
    return zeroed.fill(0, ...range(bytes, random))
  },
]

function changed(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes
  const copy = bytes.slice()
  const at = random.below(copy.length)
  copy[at] = change(copy[at]!)
  return copy
}

/** Short pieces are more likely: they leave the rest readable. */
function range(bytes: Uint8Array, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length + 1)
  const most = random.chance(0.7) ? 8 : bytes.length
  return [from, Math.min(bytes.length, from + random.below(most + 1))]
}

function without(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return joined(bytes.subarray(0, from), bytes.subarray(to))
}

function inserted(bytes: Uint8Array, random: Random, piece: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1)
  return joined(bytes.subarray(0, at), piece, bytes.subarray(at))
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
