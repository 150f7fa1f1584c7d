import { WebSocket } from 'ws'
import {
  type Ack,
  decodeFrame,
  encodeFrame,
  type FrameVector,
  meridianProtocol,
  type Proposal,
  type Refusal,
} from '../../domain/wire/wire.ts'
import type { Draft } from '../../sync-server/store/ports.ts'

/**
 * A client of the sub-protocol `meridian.v1` that proposes entries and hears what becomes of them. What was refused with the
 * advice to try again is tried again, as a device does.
 */
export type MeridianClient = {
  submit(drafts: readonly Draft[]): void
  /** Calls at once, in the turn in which the frame arrived, when a condition on what has arrived holds. */
  when(holds: (heard: Heard) => boolean, act: () => void): void
  heard: Heard
  isOpen(): boolean
  close(): void
}

export type Heard = {
  acks: Map<string, Ack>
  refusals: Map<string, Refusal>
  /** How often something was proposed again because the region had said "later". */
  later: number
  /** Region → what it has said that its database flushed. */
  replicated: { [region: string]: FrameVector }
}

const laterMs = 100

/** @param told hears of every word about other regions */
export async function connectMeridian(
  sync: string,
  token: string,
  told: (regions: { [region: string]: FrameVector }) => void = () => {},
): Promise<MeridianClient> {
  const socket = new WebSocket(sync, [meridianProtocol, `bearer.${token}`])
  const heard: Heard = { acks: new Map(), refusals: new Map(), replicated: {}, later: 0 }
  const proposed = new Map<string, string>()
  const waiting = new Set<{ holds(heard: Heard): boolean; act(): void }>()
  socket.on('message', (data) => {
    const frame = decodeFrame(new Uint8Array(data as Buffer))
    if (frame?.type === 'ack') for (const ack of frame.acks) heard.acks.set(ack.id, ack)
    else if (frame?.type === 'refuse') for (const one of frame.refusals) refused(one)
    else if (frame?.type === 'replicated') {
      heard.replicated = frame.regions
      told(frame.regions)
    }
    look()
  })
  function refused(refusal: Refusal): void {
    const { id, retry } = refusal
    heard.refusals.set(id, refusal)
    const text = proposed.get(id)
    if (!retry || text === undefined) return
    heard.later += 1
    setTimeout(() => send([{ id, text }]), laterMs).unref()
  }
  function send(proposals: Proposal[]): void {
    if (socket.readyState === WebSocket.OPEN)
      socket.send(encodeFrame({ channel: 0, type: 'submit', proposals }))
  }
  function look(): void {
    for (const one of [...waiting])
      if (one.holds(heard)) {
        waiting.delete(one)
        one.act()
      }
  }
  await opened(socket)
  return {
    submit(drafts) {
      const proposals = drafts.map(({ id, canonical }) => ({ id, text: canonical }))
      for (const { id, text } of proposals) proposed.set(id, text)
      send(proposals)
    },
    when(holds, act) {
      waiting.add({ holds, act })
      look()
    },
    heard,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    close: () => socket.terminate(),
  }
}

/** Resolves when a WebSocket is open; later errors are left to whoever misses an answer. */
export async function opened(socket: WebSocket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => {})
}
