import { copyDisk, type Disk, databaseError, emptyDisk } from './disk.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'
import type { ServerProcess } from './server-process.ts'

/**
 * A region's PostgreSQL as its server meets it: sessions in which statements are done one after the other, locks that
 * end with their session, and everything that can go wrong between a statement and its answer. What a statement did
 * is flushed the moment it is done; a crash loses what was not done yet, a restore puts an earlier disk in its place.
 */
export type Database = {
  /** @param sessionName what its sessions are called for others who look */
  connect(process: ServerProcess, sessionName?: string): Connection
  /** What is flushed. */
  disk(): Disk
  kill(): void
  start(): void
  isUp(): boolean
  /** It runs, and no trouble comes any more. */
  calm(): void
  /** Nothing is done for so many ms, as if every process of it had been stopped. */
  stall(ms: number): void
  /** How likely the next statements go wrong. */
  troubles: Troubles
  copyDisk(): Disk
  /** To be called while it is down. */
  restore(copy: Disk): void
}

/** Probabilities for each statement. */
export type Troubles = {
  /** The connection breaks before the statement arrives. */
  lostBefore: number
  /** It is done, and then the connection breaks. */
  lostAfter: number
  /** Another error of the database; nothing is done. */
  refused: number
  /** It takes seconds. */
  slow: number
  /** Every statement that would write is refused for want of room. */
  diskFull: boolean
  /** The process is killed at this very moment: before the statement leaves, or when its answer arrives. */
  killed: number
}

export const noTroubles: Troubles = {
  lostBefore: 0,
  lostAfter: 0,
  refused: 0,
  slow: 0,
  diskFull: false,
  killed: 0,
}

/** One client, as the driver is used with one connection: it opens a new session when the old one is gone. */
export type Connection = {
  statement<T>(
    name: string,
    work: (session: SessionState, disk: Disk) => T | Promise<T>,
    kind?: 'reads' | 'writes',
  ): Promise<T>
  close(): Promise<void>
}

/** What lasts as long as the session. */
export type SessionState = { id: number; name: string; variables: Map<string, string> }

type Session = SessionState & {
  /** The client has it, and hears answers. */
  held: boolean
  /** The server has it. */
  alive: boolean
  busy: boolean
  /** Statements that have begun or ended. */
  moves: number
  waiting: Statement[]
  /** Statements that the client waits for. */
  unanswered: Set<Statement>
  /** When the next statement, or answer, may arrive at the earliest. */
  arrivesAt: number
  answeredAt: number
}

type Statement = {
  name: string
  kind: 'reads' | 'writes'
  work: (session: SessionState, disk: Disk) => unknown
  settle: (outcome: { value: unknown } | { error: Error }) => void
}

const statementTimeoutMs = 10_000
/** As in `store/database.ts`: whoever waits for a silent database hears of a lost connection. */
const silenceMs = 12_000

export function createDatabase(region: string, schedule: Schedule, random: Random): Database & Locks {
  let disk = emptyDisk()
  let up = true
  let stalledUntil = 0
  let lastId = 0
  const sessions = new Set<Session>()
  const locks = new Map<string, Session>()

  function connect(process: ServerProcess, sessionName = ''): Connection {
    let session: Session | undefined
    let closed = false
    process.onEnd(() => {
      closed = true
      if (session) leave(session)
    })

    function statement<T>(
      name: string,
      work: (session: SessionState, disk: Disk) => T | Promise<T>,
      kind: 'reads' | 'writes' = 'reads',
    ): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        let settled = false
        const settle = (outcome: { value: unknown } | { error: Error }) =>
          process.wake(() => {
            if (settled) return
            settled = true
            cancelSilence()
            if ('error' in outcome) reject(outcome.error)
            else resolve(outcome.value as T)
          })
        const cancelSilence = schedule.after(silenceMs, () =>
          settle({ error: databaseError('ETIMEDOUT', 'the database is silent') }),
        )
        if (closed) return settle({ error: databaseError('CONNECTION_ENDED', 'the client is closed') })
        if (random.chance(base.troubles.killed / 2)) return process.kill()
        if (!session?.held) session = openSession(sessionName)
        send(process, session, { name, kind, work, settle })
      })
    }

    return {
      statement,
      close: () =>
        new Promise<void>((resolve) => {
          closed = true
          const last = session
          const done = () => {
            if (last) leave(last)
            process.wake(resolve)
          }
          // The driver waits a second for what is under way, and then breaks the connection.
          schedule.after(last?.held && last.unanswered.size > 0 ? 1000 : random.between(0, 2), done)
        }),
    }
  }

  function openSession(name: string): Session {
    lastId += 1
    const session: Session = {
      id: lastId,
      name,
      variables: new Map(),
      held: true,
      alive: up,
      busy: false,
      moves: 0,
      waiting: [],
      unanswered: new Set(),
      arrivesAt: 0,
      answeredAt: 0,
    }
    sessions.add(session)
    return session
  }

  function send(process: ServerProcess, session: Session, statement: Statement): void {
    session.unanswered.add(statement)
    if (!session.alive) {
      schedule.after(random.between(0.2, 3), () => lose(session, 'ECONNREFUSED'))
      return
    }
    session.arrivesAt = Math.max(session.arrivesAt, schedule.now() + random.between(0.05, 1))
    const lost = random.chance(base.troubles.lostBefore)
    schedule.after(session.arrivesAt - schedule.now(), () => {
      if (lost) {
        schedule.trace(`${region} db loses session ${session.id} before ${statement.name}`)
        return lose(session, 'CONNECTION_CLOSED')
      }
      session.waiting.push(statement)
      goOn(process, session)
    })
  }

  function goOn(process: ServerProcess, session: Session): void {
    if (session.busy || !session.alive || !up) return
    const statement = session.waiting.shift()
    if (!statement) {
      if (!session.held) end(session)
      return
    }
    session.busy = true
    session.moves += 1
    const takes = random.chance(base.troubles.slow) ? random.between(1000, 14_000) : random.between(0.05, 2)
    schedule.after(Math.min(takes, statementTimeoutMs), () =>
      whenNotStalled(() => {
        session.busy = false
        session.moves += 1
        if (!session.alive || !up) return
        if (takes > statementTimeoutMs)
          answer(process, session, statement, {
            error: databaseError('57014', 'canceling statement due to statement timeout'),
          })
        else carryOut(process, session, statement)
        goOn(process, session)
      }),
    )
  }

  function carryOut(process: ServerProcess, session: Session, statement: Statement): void {
    const { troubles } = base
    if (statement.kind === 'writes' && (troubles.diskFull || random.chance(troubles.refused))) {
      const error = troubles.diskFull
        ? databaseError('53100', 'could not extend file: No space left on device')
        : databaseError('40001', 'could not serialize access')
      answer(process, session, statement, { error })
      return
    }
    let outcome: { value: unknown } | { error: Error }
    try {
      outcome = { value: statement.work(session, disk) }
    } catch (error) {
      outcome = { error: error as Error }
    }
    if (statement.kind === 'writes') schedule.trace(`${region} db did ${statement.name}`)
    if (random.chance(troubles.lostAfter)) {
      schedule.trace(`${region} db loses session ${session.id} after ${statement.name}`)
      lose(session, 'CONNECTION_CLOSED')
    } else answer(process, session, statement, outcome)
  }

  function answer(
    process: ServerProcess,
    session: Session,
    statement: Statement,
    outcome: { value: unknown } | { error: Error },
  ): void {
    session.answeredAt = Math.max(session.answeredAt, schedule.now() + random.between(0.05, 1))
    const killed = random.chance(base.troubles.killed / 2)
    schedule.after(session.answeredAt - schedule.now(), () => {
      if (!session.held || !session.unanswered.delete(statement)) return
      if (killed) process.kill()
      statement.settle(outcome)
    })
  }

  /** The connection breaks: the client hears of it at once, the server when it has done what it is at, or later. */
  function lose(session: Session, code: string): void {
    const unanswered = [...session.unanswered]
    leave(session)
    for (const statement of unanswered)
      statement.settle({ error: databaseError(code, 'the connection is lost') })
  }

  /** The client is gone. What it has sent may still be done; then the session ends. */
  function leave(session: Session): void {
    if (!session.held) return
    session.held = false
    session.unanswered.clear()
    const notices = random.chance(0.8) ? random.between(0, 20) : random.between(0, 3000)
    schedule.after(notices, () =>
      whenNotStalled(() => {
        session.waiting = session.waiting.slice(0, random.below(session.waiting.length + 1))
        if (!session.busy && session.waiting.length === 0) end(session)
      }),
    )
  }

  function end(session: Session): void {
    session.alive = false
    sessions.delete(session)
    for (const [name, holder] of [...locks]) if (holder === session) locks.delete(name)
  }

  function whenNotStalled(act: () => void): void {
    if (stalledUntil <= schedule.now()) act()
    else schedule.after(stalledUntil - schedule.now() + random.between(0, 5), () => whenNotStalled(act))
  }

  const base: Database & Locks = {
    connect,
    disk: () => disk,
    isUp: () => up,
    troubles: { ...noTroubles },
    kill() {
      if (!up) return
      schedule.trace(`${region} db is killed`)
      up = false
      stalledUntil = 0
      for (const session of [...sessions]) {
        end(session)
        if (session.held) schedule.after(random.between(0, 5), () => lose(session, 'CONNECTION_CLOSED'))
      }
    },
    start() {
      if (!up) schedule.trace(`${region} db starts`)
      up = true
    },
    calm() {
      base.start()
      base.troubles = { ...noTroubles }
      stalledUntil = 0
    },
    stall(ms) {
      if (!up) return
      schedule.trace(`${region} db stands still for ${ms.toFixed(0)} ms`)
      stalledUntil = Math.max(stalledUntil, schedule.now() + ms)
    },
    copyDisk: () => copyDisk(disk),
    restore(copy) {
      disk = copyDisk(copy)
    },
    tryLock(name, state) {
      const holder = locks.get(name)
      if (holder && holder !== state) return false
      locks.set(name, state as Session)
      return true
    },
    holders: () =>
      [...locks].map(([lock, { id, name, moves, busy }]) => ({
        lock,
        session: id,
        name,
        moves,
        waitsForClient: !busy,
      })),
    endSession(id) {
      const session = [...sessions].find((one) => one.id === id)
      if (!session) return
      schedule.trace(`${region} db ends session ${id}`)
      end(session)
      schedule.after(random.between(0, 5), () => lose(session, '57P01'))
    },
  }
  return base
}

/** Advisory locks of sessions. */
export type Locks = {
  tryLock(name: string, session: SessionState): boolean
  holders(): { lock: string; session: number; name: string; moves: number; waitsForClient: boolean }[]
  /** As pg_terminate_backend. */
  endSession(session: number): void
}
