import type { StoredChange } from '../../renderer/replica/outbox.ts'
import type { Replica } from '../../renderer/replica/replica.ts'
import type { News, Windows } from '../../renderer/sync/windows.ts'
import type { Random } from '../simulation/random.ts'
import type { Schedule } from '../simulation/schedule.ts'

/**
 * What the windows of one profile share: the disk, the news channel, the lock. A window that is killed hears nothing any
 * more and writes nothing more; what it was just writing may or may not be on the disk, never half of it.
 */
export type Profile = {
  /** A window of the profile, until it is killed or closed. */
  open(): ProfileWindow
  outbox: ReadonlyMap<string, StoredChange>
  /** Document → what was stored of it, in order. */
  copies: ReadonlyMap<string, readonly Uint8Array[]>
  values: ReadonlyMap<string, unknown>
  setFull(full: boolean): void
}

export type ProfileWindow = {
  replica: Pick<Replica, 'documents' | 'values'> & {
    outbox: Pick<Replica['outbox'], 'put' | 'set' | 'remove' | 'all'>
  }
  windows: Windows
  after: (ms: number, then: () => void) => () => void
  isAlive(): boolean
  /** Without a word. */
  kill(): void
}

type Member = { alive: boolean; hears: Set<(news: News) => void>; begin?: () => () => void }
type Job = { member: Member; run: () => Promise<void> }

export type ProfileDeps = {
  schedule: Schedule
  random: Random
  /** A value is about to be read or written. */
  touched(name: string): void
}

export function createProfile({ schedule, random, touched }: ProfileDeps): Profile {
  const outbox = new Map<string, StoredChange>()
  const copies = new Map<string, Uint8Array[]>()
  const values = new Map<string, unknown>()
  const members: Member[] = []
  let leader: { member: Member; end: () => void } | undefined
  let full = false
  const queues = new Map<string, Job[]>()

  /** A transaction: takes a while, happens at one moment, and answers only to a window that is still there. */
  const transact = <T>(member: Member, act: () => T): Promise<T> =>
    new Promise((resolve) => {
      if (!member.alive) return
      schedule.after(random.between(0.5, 30), () => {
        // Killed while it was written: it had reached the disk, or it had not.
        if (!member.alive && random.chance(0.5)) return
        const result = act()
        schedule.after(random.between(0.1, 3), () => member.alive && resolve(result))
      })
    })
  const writing = (member: Member, act: () => void) =>
    transact(member, () => {
      if (full) return { outcome: 'full' as const }
      act()
      return { outcome: 'written' as const }
    })

  const elect = () => {
    if (leader) return
    const member = members.find((one) => one.alive && one.begin)
    if (member?.begin) leader = { member, end: member.begin() }
  }

  const gone = (member: Member) => {
    member.alive = false
    members.splice(members.indexOf(member), 1)
    for (const [name, jobs] of queues) {
      const held = jobs[0]?.member === member
      queues.set(
        name,
        jobs.filter((job) => job.member !== member),
      )
      // The browser gives the lock to the next one.
      if (held) next(name)
    }
    if (leader?.member !== member) return
    leader = undefined
    schedule.after(random.between(1, 50), elect)
  }

  const next = (name: string) => {
    const job = queues.get(name)?.[0]
    if (!job) return
    void job.run().finally(() => {
      if (queues.get(name)?.[0] !== job) return
      queues.get(name)?.shift()
      next(name)
    })
  }

  const open = (): ProfileWindow => {
    const member: Member = { alive: true, hears: new Set() }
    members.push(member)
    const write = (act: () => void) => writing(member, act)
    return {
      isAlive: () => member.alive,
      kill: () => gone(member),
      after: (ms, then) => schedule.after(ms, () => member.alive && then()),
      replica: {
        outbox: {
          put: (changes) =>
            write(() => {
              for (const change of changes) if (!outbox.has(change.id)) outbox.set(change.id, change)
            }),
          set: (change) =>
            write(() => {
              if (outbox.has(change.id)) outbox.set(change.id, change)
            }),
          // Room is not needed to take something away.
          remove: (ids) =>
            transact(member, () => {
              for (const id of ids) outbox.delete(id)
              return { outcome: 'written' as const }
            }),
          all: () => transact(member, () => ({ changes: [...outbox.values()], damaged: 0 })),
        },
        documents: {
          append: (name, updates) =>
            write(() => {
              copies.set(name, [...(copies.get(name) ?? []), ...updates])
            }),
          load: (name) => transact(member, () => ({ updates: copies.get(name) ?? [], orders: [] })),
          compact: async () => ({ outcome: 'failed', detail: 'no copy is put together here' }),
          count: (name) => transact(member, () => copies.get(name)?.length ?? 0),
          drop: (name) =>
            transact(member, () => {
              copies.delete(name)
              return { outcome: 'written' as const }
            }),
        },
        values: {
          put(name, value) {
            touched(name)
            return write(() => {
              values.set(name, structuredClone(value))
            })
          },
          get(name, shape) {
            touched(name)
            return transact(member, () => {
              const parsed = shape.safeParse(values.get(name))
              return parsed.success ? parsed.data : undefined
            })
          },
          remove: (name) =>
            transact(member, () => {
              values.delete(name)
              return { outcome: 'written' as const }
            }),
        },
      },
      windows: {
        tell(news) {
          if (!member.alive) return
          for (const other of members)
            if (other !== member)
              schedule.after(random.between(0.1, 8), () => {
                if (other.alive) for (const hear of [...other.hears]) hear(structuredClone(news))
              })
        },
        onTold(listener) {
          member.hears.add(listener)
          return () => member.hears.delete(listener)
        },
        exclusively: (name, work) =>
          new Promise((resolve, reject) => {
            const jobs = queues.get(name) ?? []
            queues.set(name, [...jobs, { member, run: () => work().then(resolve, reject) }])
            if (jobs.length === 0) next(name)
          }),
        lead(begin) {
          member.begin = begin
          schedule.after(random.between(0.1, 5), elect)
        },
        close() {
          if (leader?.member === member) leader.end()
          gone(member)
        },
      },
    }
  }

  return {
    open,
    outbox,
    copies,
    values,
    setFull(is) {
      full = is
    },
  }
}
