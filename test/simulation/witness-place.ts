import type { Head } from '../../sync-server/store/log-row.ts'
import { type Witness, type Witnessed, WitnessReplaced } from '../../sync-server/store/witness.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'
import type { ServerProcess } from './server-process.ts'

/** Where the witness of a line lies in a region's state folder, with files that a crash can tear. */
export type WitnessPlace = {
  open(process: ServerProcess): Witness
  /** What whoever reads the file now would find. */
  newest(): Witnessed | undefined
  copy(): Witnessed | undefined
  restore(copy: Witnessed | undefined): void
}

type Slot = Witnessed & { turn: number }
type File = { slots: (Slot | 'torn' | undefined)[] }

export function createWitnessPlace(first: Witnessed, schedule: Schedule, random: Random): WitnessPlace {
  let place: File = fileOf({ ...first, turn: 1 })

  const newest = () =>
    place.slots.flatMap((slot) => (slot && slot !== 'torn' ? [slot] : [])).sort((a, b) => b.turn - a.turn)[0]

  /** Resolves after the disk has done this, which a killed process does not hear of. */
  function disk(process: ServerProcess, act: () => void, torn: () => void): Promise<void> {
    return new Promise((resolve) => {
      let begun = process.state() !== 'dead'
      process.onEnd(() => {
        if (begun && random.chance(0.5)) torn()
        begun = false
      })
      schedule.after(random.between(0.05, 1.5), () => {
        if (!begun) return
        act()
        begun = false
        process.wake(resolve)
      })
    })
  }

  return {
    newest,
    copy: newest,
    restore(copy) {
      place = copy ? fileOf({ ...copy, turn: 1 }) : { slots: [] }
    },
    open(process) {
      let turn = newest()?.turn ?? 0
      let own: File | undefined
      return {
        read: () =>
          new Promise((resolve) =>
            schedule.after(random.between(0.05, 0.5), () => {
              const found = newest()
              process.wake(() => resolve(found && { origin: found.origin, head: found.head }))
            }),
          ),
        async write(origin: string, head: Head) {
          turn += 1
          const slot: Slot = { turn, origin, head }
          const file = own
          if (file) {
            await disk(
              process,
              () => {
                file.slots[turn % 2] = slot
              },
              () => {
                file.slots[turn % 2] = random.chance(0.5) ? 'torn' : slot
              },
            )
            if (place === file) return
            own = undefined
            throw new WitnessReplaced('the witness is another file by now')
          }
          const made = fileOf(slot)
          const put = () => {
            place = made
          }
          await disk(process, put, put)
          own = made
        },
        close: async () => {
          own = undefined
        },
      }
    },
  }
}

function fileOf(slot: Slot): File {
  const slots: File['slots'] = []
  slots[slot.turn % 2] = slot
  return { slots }
}
