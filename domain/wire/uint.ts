import * as decoding from 'lib0/decoding'

/** A varuint that a number can hold: lib0 hands over larger ones, rounded, which nobody could read back. */
export function readUint(decoder: decoding.Decoder): number {
  const value = decoding.readVarUint(decoder)
  if (!Number.isSafeInteger(value)) throw new RangeError('a number is above 2^53 - 1')
  return value
}
