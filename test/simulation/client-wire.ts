import type { Socket, SocketHandlers } from '../../sync-server/gateway/socket.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'
import type { ServerProcess } from './server-process.ts'

/** A WebSocket between a device and a region: in order both ways, late, slow if it must be, and cut at any moment. */
export type ClientWire = {
  send(bytes: Uint8Array): void
  /** The device hangs up, or loses its network. */
  drop(): void
}

export type ClientHandlers = {
  opened(): void
  message(bytes: Uint8Array): void
  /** @param code the region's close code, undefined if the connection just ended */
  closed(code: number | undefined): void
}

export type Gate = {
  process: ServerProcess
  /** Serves a connection; undefined if it is refused. */
  serve(socket: Socket): SocketHandlers | undefined
  /** Told of everything that a region says, as it leaves. */
  said(bytes: Uint8Array): void
}

/** @param bufferedBound bytes on their way to the device above which it counts as slow */
export function connectDevice(
  gate: Gate | undefined,
  handlers: ClientHandlers,
  {
    schedule,
    random,
    bufferedBound = 64 * 1024,
  }: { schedule: Schedule; random: Random; bufferedBound?: number },
): ClientWire {
  let up = true
  let serverSide: SocketHandlers | undefined
  let serverClosed = false
  let buffered = 0
  let lastUp = 0
  let lastDown = 0
  const slowness = random.chance(0.15) ? random.between(20, 400) : 5

  const later = (moment: number, act: () => void) => schedule.after(moment - schedule.now(), act)
  const arrivalUp = () => {
    lastUp = Math.max(lastUp + 0.001, schedule.now() + random.between(0.5, 20))
    return lastUp
  }
  const arrivalDown = () => {
    lastDown = Math.max(lastDown + 0.001, schedule.now() + random.between(0.5, 20)) + random.next() * slowness
    return lastDown
  }

  function endForDevice(code: number | undefined): void {
    later(arrivalDown(), () => {
      if (!up) return
      up = false
      handlers.closed(code)
    })
  }

  function endForServer(own: number | undefined): void {
    if (serverClosed) return
    serverClosed = true
    gate?.process.wake(() => serverSide?.closed(own))
  }

  const socket: Socket = {
    send(bytes) {
      if (serverClosed) return
      gate!.said(bytes)
      buffered += bytes.length
      later(arrivalDown(), () => {
        buffered -= bytes.length
        if (up) handlers.message(bytes.slice())
        if (!serverClosed && socket.room()) gate!.process.wake(() => !serverClosed && serverSide?.drained())
      })
    },
    room: () => buffered < bufferedBound,
    close(code) {
      if (serverClosed) return
      endForDevice(code)
      later(schedule.now() + random.between(0, 5), () => endForServer(code))
    },
    terminate() {
      endForDevice(undefined)
      endForServer(undefined)
    },
    ping() {},
    busy() {},
    times: { sent: 0, heard: 0 },
    serve(who) {
      serverSide = who
    },
  }

  later(arrivalUp(), () => {
    if (!gate || gate.process.state() === 'dead') return endForDevice(undefined)
    gate.process.onEnd(() => {
      // Of what was on its way, a beginning arrives, and then the end of the connection.
      if (random.chance(0.5)) up = up && giveUpNow()
      else endForDevice(undefined)
      serverClosed = true
    })
    gate.process.wake(() => {
      serverSide = gate.serve(socket)
      if (!serverSide) return endForDevice(undefined)
      later(arrivalDown(), () => up && handlers.opened())
    })
  })

  function giveUpNow(): boolean {
    schedule.after(0, () => handlers.closed(undefined))
    return false
  }

  return {
    send(bytes) {
      if (!up) return
      later(arrivalUp(), () => {
        if (!serverClosed) gate?.process.wake(() => !serverClosed && serverSide?.message(bytes))
      })
    },
    drop() {
      if (!up) return
      up = false
      later(arrivalUp(), () => endForServer(undefined))
    },
  }
}
