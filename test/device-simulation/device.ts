import { decodeFrame } from '../../domain/wire/wire.ts'
import { type CatchUp, createCatchUp } from '../../renderer/sync/catch-up.ts'
import { type Changes, createChanges } from '../../renderer/sync/changes.ts'
import { createConnection, type Dial } from '../../renderer/sync/connection.ts'
import type { Ladder } from '../../renderer/sync/ladder.ts'
import { type RegionWatch, watchRegions } from '../../renderer/sync/region-watch.ts'
import type { ProbeResult } from '../../renderer/sync/round-trip.ts'
import type { Random } from '../simulation/random.ts'
import type { Schedule } from '../simulation/schedule.ts'
import type { ProfileWindow } from './profile.ts'
import type { DeviceLink, RegionModel } from './region-model.ts'

/** A window of the app without its screen: the real sync engine on a simulated disk and network. */
export type SimulatedWindow = {
  changes: Changes
  catchUp: CatchUp
  regions: RegionWatch
  isAlive(): boolean
  /** As a person closes it. */
  close(): void
  kill(): void
}

/** How this device reaches a region now. */
export type Reachability = 'open' | 'cut' | 'blackhole'

export type SimulatedWindowDeps = {
  window: ProfileWindow
  schedule: Schedule
  random: Random
  regions: readonly RegionModel[]
  reachOf(region: string): Reachability
  /** Told of every connection, so that a cut breaks it. */
  connected(region: string, breakOff: () => void): void
  /** Told of what leaves for a region, and of what the window shows at that moment. */
  proposing(ids: readonly string[], ladder: Ladder): void
  patients: readonly string[]
}

/** Milliseconds since 1970 at virtual zero. */
const epochMs = Date.UTC(2026, 10, 24)

export async function openSimulatedWindow(deps: SimulatedWindowDeps): Promise<SimulatedWindow> {
  const { window, schedule, random } = deps
  const { replica, windows, after } = window
  const now = () => epochMs + schedule.now()
  const timing = { random: random.next, monotonic: schedule.now, after }
  const addressOf = (region: string) => `ws://${region}/sync`
  const find = (name: string) => deps.regions.find((region) => region.name === name)

  const dial: Dial = ({ sync }, hears) => {
    const name = new URL(sync).hostname
    let over = false
    /** Something was swallowed: what comes after it never arrives either, as on a real stream. */
    let torn = false
    let served: ReturnType<RegionModel['connect']>
    let lastUp = 0
    let lastDown = 0
    const reach = () => deps.reachOf(name)
    const end = (code: number) => {
      if (over) return
      over = true
      schedule.after(random.between(0.1, 20), () => {
        if (window.isAlive()) hears.closed(code)
      })
    }
    const down = (act: () => void) => {
      lastDown = Math.max(lastDown + 0.001, schedule.now() + random.between(0.5, 80))
      schedule.after(lastDown - schedule.now(), () => {
        torn ||= reach() !== 'open'
        if (!over && window.isAlive() && !torn) act()
      })
    }
    const link: DeviceLink = {
      send(bytes) {
        const twice = random.chance(0.03) && mayComeTwice(bytes)
        for (let n = 0; n < (twice ? 2 : 1); n++) down(() => hears.message(bytes.slice()))
      },
      close: end,
    }
    schedule.after(random.between(0.5, 80), () => {
      if (over || reach() === 'blackhole') return
      served = reach() === 'cut' ? undefined : find(name)?.connect(link)
      if (!served) return end(1006)
      deps.connected(name, () => {
        served?.closed()
        end(1006)
      })
      down(() => hears.opened())
    })
    return {
      send(bytes) {
        const sent = decodeFrame(bytes)
        if (sent?.type === 'submit')
          deps.proposing(
            sent.proposals.map(({ id }) => id),
            changes.ladder(),
          )
        lastUp = Math.max(lastUp + 0.001, schedule.now() + random.between(0.5, 80))
        schedule.after(lastUp - schedule.now(), () => {
          const frame = decodeFrame(bytes)
          // What was sent before it was given up arrives all the same.
          torn ||= reach() !== 'open'
          if (frame && !torn) served?.receive(frame)
        })
      },
      giveUp() {
        over = true
        schedule.after(random.between(0.5, 200), () => served?.closed())
      },
    }
  }

  const probe = (name: string) =>
    new Promise<ProbeResult>((resolve) => {
      const sentAt = now()
      const region = find(name)
      const answers = region?.isUp() && deps.reachOf(name) === 'open'
      const roundTripMs = random.between(1, 160)
      const silentMs = deps.reachOf(name) === 'blackhole' ? 4000 : 5
      after(answers ? roundTripMs : silentMs, () =>
        resolve(
          answers
            ? { found: 'answer', sentAt, roundTripMs, takesWrites: region?.takesWrites() ?? false }
            : { found: 'nothing', sentAt },
        ),
      )
    })

  const every = (ms: number, act: () => void) => {
    let cancel = after(ms, again)
    function again() {
      act()
      cancel = after(ms, again)
    }
    return () => cancel()
  }

  const catchUp = await createCatchUp({ replica, windows, now, every })
  const changes = await createChanges({ outbox: replica.outbox, windows, now, ...timing })
  const [first] = deps.regions
  const region = first?.name ?? ''
  const connection = createConnection({
    at: { region, sync: addressOf(region) },
    // Now and then there is none to be had.
    token: async () => (random.chance(0.95) ? 'token' : undefined),
    dial,
    ...timing,
  })
  const regions = watchRegions({ regions: deps.regions.map(({ name }) => name), region, probe, ...timing })
  regions.onChange(() => connection.move({ region: regions.region(), sync: addressOf(regions.region()) }))
  catchUp.patients(deps.patients)
  windows.lead(() => {
    const ends = [changes.lead(connection), catchUp.lead(connection)]
    return () => {
      for (const end of ends) end()
    }
  })
  const stop = () => {
    regions.stop()
    connection.stop()
  }
  return {
    changes,
    catchUp,
    regions,
    isAlive: window.isAlive,
    close() {
      windows.close()
      stop()
    },
    kill() {
      window.kill()
      stop()
    },
  }
}

/** Answers that name what they answer may come twice; the parts of a catch-up come in order, as a socket brings them. */
function mayComeTwice(bytes: Uint8Array): boolean {
  const type = decodeFrame(bytes)?.type
  return type === 'ack' || type === 'refuse' || type === 'replicated'
}
