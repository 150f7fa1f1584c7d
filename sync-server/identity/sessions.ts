import type { AccountConfig, RegionConfig } from '../config/config.ts'
import { verifyPassword } from './passwords.ts'
import { type Tokens, tokenLife } from './tokens.ts'

/** What an app gets that has signed in. */
type Session = {
  token: string
  refreshToken: string
  expiresInSeconds: number
  user: { id: string; name: string; role: string; region: string; homeGroups: string[] }
}

export type Sessions = {
  /** A session, or undefined: nobody learns, by answer or by time, whether the name or the password was wrong. */
  signIn(username: string, password: string): Promise<Session | undefined>
  /** A new session for a refresh token of any region whose account is still known here. */
  refresh(refreshToken: string): Promise<Session | undefined>
}

export type SessionDeps = { config: RegionConfig; tokens: Tokens }

export function createSessions({ config, tokens }: SessionDeps): Sessions {
  const accounts = new Map(config.accounts.map((account) => [account.username, account]))
  // A password is hashed for unknown names too, so that the time to answer tells nothing.
  const decoy = config.accounts[0]?.passwordHash

  async function open(account: AccountConfig): Promise<Session> {
    const { username, name, role, organisation, homeGroups, sources } = account
    const issued = await tokens.issue({ user: username, name, role, organisation, homeGroups, sources })
    return {
      ...issued,
      expiresInSeconds: tokenLife.accessSeconds,
      user: { id: username, name, role, region: config.region, homeGroups },
    }
  }

  return {
    async signIn(username, password) {
      const account = accounts.get(username)
      const hash = account?.passwordHash ?? decoy
      const fits = hash !== undefined && (await verifyPassword(password, hash))
      return account && fits ? open(account) : undefined
    },
    async refresh(refreshToken) {
      const holder = await tokens.verifyRefresh(refreshToken)
      const account = holder && accounts.get(holder.user)
      return account && open(account)
    },
  }
}
