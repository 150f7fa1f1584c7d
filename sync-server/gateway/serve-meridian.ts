import { closeCodes, decodeFrame, encodeFrame, type Frame, frameLimits } from '../../domain/wire/wire.ts'
import type { Admission, Answers } from '../documents/admission.ts'
import type { Identity } from '../identity/tokens.ts'
import type { Socket, SocketHandlers } from './socket.ts'

/** One connection of the sub-protocol `meridian.v1`. For now only its channel 0 is served: proposals and their answers. */
export function serveMeridian(
  identity: Identity,
  socket: Socket,
  { admission }: { admission: Admission },
): SocketHandlers {
  let open = true

  async function submit(frame: Extract<Frame, { type: 'submit' }>): Promise<void> {
    const answers = await admission.submit(frame.proposals, identity)
    if (open) for (const bytes of framesOf(answers)) socket.send(bytes)
  }

  return {
    message: (bytes) => {
      const frame = bytes && decodeFrame(bytes)
      if (frame?.type === 'submit' && frame.channel === 0) void submit(frame)
      else if (!frame) {
        open = false
        socket.close(closeCodes.malformed, 'this is no frame of meridian.v1')
      }
      // Types that this region does not know, and those that only regions send, are skipped.
    },
    drained: () => undefined,
    closed: () => {
      open = false
    },
  }
}

function framesOf({ acks, refusals }: Answers): Uint8Array[] {
  const frames: Uint8Array[] = []
  const limit = frameLimits.proposalsPerSubmit
  for (let at = 0; at < acks.length; at += limit)
    frames.push(encodeFrame({ channel: 0, type: 'ack', acks: acks.slice(at, at + limit) }))
  for (let at = 0; at < refusals.length; at += limit)
    frames.push(encodeFrame({ channel: 0, type: 'refuse', refusals: refusals.slice(at, at + limit) }))
  return frames
}
