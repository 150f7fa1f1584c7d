import { mutated } from './mutate.ts'
import { mutatedJson } from './mutate-json.ts'
import { createRandom, type Random } from './random.ts'

/** Something of this project that reads what comes from outside, under attack. */
export type Decoder = {
  name: string
  /** False if it does not read what it should. */
  readsWhatIsValid(): Promise<boolean>
  /** Something random or damaged. */
  next(random: Random): Attack
}

type Attack = {
  /** Hands it to the decoder; `true` says that something was read. Throws at what a decoder must not do. */
  run(): boolean | Promise<boolean>
  /** What was handed over, for whoever looks into it. */
  told(): string
}

export type Outcome = { name: string; tried: number; read: number; slowestMs: number }

/** Attacks a decoder so many times. The same seed gives the same attacks. */
export async function fuzz(decoder: Decoder, times: number, seed: number): Promise<Outcome> {
  const random = createRandom(seed)
  const outcome: Outcome = { name: decoder.name, tried: 0, read: 0, slowestMs: 0 }
  if (!(await decoder.readsWhatIsValid())) throw new Error(`${decoder.name}: what is valid is not read`)
  for (let i = 0; i < times; i++) {
    const attack = decoder.next(random)
    const began = performance.now()
    try {
      if (await attack.run()) outcome.read += 1
    } catch (error) {
      const told = attack.told().slice(0, 4000)
      throw new Error(`${decoder.name}, seed ${seed}, try ${i}: ${told}`, { cause: error })
    }
    outcome.tried += 1
    outcome.slowestMs = Math.max(outcome.slowestMs, performance.now() - began)
  }
  return outcome
}

type Take<T> = (given: T) => boolean | Promise<boolean>

export function ofBytes(name: string, valid: readonly Uint8Array[], take: Take<Uint8Array>): Decoder {
  return {
    name,
    readsWhatIsValid: () => allRead(valid, take),
    next(random) {
      const bytes = random.chance(0.1)
        ? random.bytes(random.below(200))
        : mutated(random.pick(valid), valid, random)
      return { run: () => take(bytes), told: () => Buffer.from(bytes).toString('hex') }
    },
  }
}

export function ofText(name: string, valid: readonly string[], take: Take<string>): Decoder {
  const bytes = valid.map((text) => Buffer.from(text))
  return ofBytes(name, bytes, (given) => take(Buffer.from(given).toString('utf8')))
}

export function ofJson(name: string, valid: readonly unknown[], take: Take<unknown>): Decoder {
  return {
    name,
    readsWhatIsValid: () => allRead(valid, take),
    next(random) {
      const value = mutatedJson(random.pick(valid), random)
      return { run: () => take(value), told: () => JSON.stringify(value) }
    },
  }
}

async function allRead<T>(valid: readonly T[], take: Take<T>): Promise<boolean> {
  for (const one of valid) if (!(await take(one))) return false
  return true
}
