import { z } from 'zod'
import type { OpenReplica, Replica, ReplicaProblem } from '../replica/open-replica.ts'
import type { Credentials, Session, SignedIn, SignInProblem, User } from './session.ts'

/**
 * Who comes in, and with them what this device keeps for them. A region says who they are; where none answers, the
 * device does: whoever can open the sealed copy knows the password that sealed it.
 *
 * Invariants
 * 1. Nobody is signed in without their copy: there would be nowhere to keep what they write.
 * 2. A password that a region accepts and the copy does not is a new one. The copy is never thrown away for that: the
 *    earlier password opens it, and then the new one does.
 */
export type Entering = {
  /** At one of the regions, or on this device if that one does not answer. */
  enter(region: string, regions: SignedIn['regions'], who: Entrant): Promise<EnterProblem | undefined>
  /** What is open now. */
  replica(): Replica | undefined
}

export type Entrant = Credentials & {
  /** The password that opened this device before. */
  earlier?: string
}

export type EnterProblem =
  | SignInProblem
  /** The region does not answer, and this device cannot let them in. */
  | { problem: 'offline'; why: 'unknown-here' | 'wrong-password' }
  | { problem: 'device'; why: ReplicaProblem }

export type EnteringDeps = { session: Session; open: OpenReplica }

const userShape: z.ZodType<User> = z.object({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  organisation: z.string(),
  homeGroups: z.array(z.string()),
})
const personShape = z.object({ user: userShape, refreshToken: z.string() })

export function createEntering({ session, open }: EnteringDeps): Entering {
  let replica: Replica | undefined
  let user: User | undefined

  session.onChange(() => {
    if (session.current().state === 'signed-in') return
    // After the screens that use it have gone.
    const left = replica
    replica = undefined
    user = undefined
    if (left) setTimeout(() => left.close(), 1000)
  })
  session.onRefreshToken((refreshToken) => {
    if (user) void replica?.values.put('person', { user, refreshToken })
  })

  async function enter(
    region: string,
    regions: SignedIn['regions'],
    who: Entrant,
  ): Promise<EnterProblem | undefined> {
    const failed = await session.signIn(region, regions, who, async (known) => {
      const opened = await open(known.id, who.password, { create: true, earlier: who.earlier })
      if (opened.outcome !== 'opened') return { problem: 'device' as const, why: opened.outcome }
      replica = opened.replica
      user = known
      return undefined
    })
    return failed?.problem === 'silent' ? enterOffline(region, regions, who) : failed
  }

  async function enterOffline(
    region: string,
    regions: SignedIn['regions'],
    { username, password }: Entrant,
  ): Promise<EnterProblem | undefined> {
    const opened = await open(username, password, { create: false })
    if (opened.outcome === 'none') return { problem: 'offline', why: 'unknown-here' }
    if (opened.outcome === 'wrong-password') return { problem: 'offline', why: 'wrong-password' }
    if (opened.outcome !== 'opened') return { problem: 'device', why: opened.outcome }
    const person = await opened.replica.values.get('person', personShape)
    if (!person) {
      opened.replica.close()
      return { problem: 'offline', why: 'unknown-here' }
    }
    replica = opened.replica
    user = person.user
    session.resume({ region, regions, user: person.user }, person.refreshToken)
    return undefined
  }

  return { enter, replica: () => replica }
}
