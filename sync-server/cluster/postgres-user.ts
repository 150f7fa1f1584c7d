import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { CannotStart } from './cannot-start.ts'

/**
 * PostgreSQL refuses to run as root. A cluster that root starts runs its databases as the system user `postgres`,
 * which is made if it is not there. That user must be able to enter the data folder and the folder of the
 * binaries; where it may not (a folder below /root, a private folder in /tmp), `setpriv` gives the database processes
 * the one capability that lets them, and takes every other.
 */
export type PostgresUser = {
  /** Owner of the database's files, if it is not the user who runs the cluster. */
  owner?: { uid: number; gid: number }
  /** How to spawn a program as that user. */
  as(program: string, args: readonly string[]): { program: string; args: string[]; options: SpawnIdentity }
}

type SpawnIdentity = { uid?: number; gid?: number }

/**
 * The user for databases in `folder`, run from binaries in `binaries`. Makes the system user if root lacks it.
 * Throws {@link CannotStart} if no user can be had that may enter both.
 */
export function postgresUser(folder: string, binaries: string): PostgresUser {
  if (process.getuid?.() !== 0) return { as: (program, args) => ({ program, args: [...args], options: {} }) }
  const owner = systemUser()
  const closed = [folder, binaries]
    .map((path) => whereClosedTo(owner, path))
    .find((path) => path !== undefined)
  if (closed === undefined)
    return { owner, as: (program, args) => ({ program, args: [...args], options: owner }) }
  const entering = enteringArguments(owner)
  if (spawnSync('setpriv', [...entering, 'true']).status !== 0)
    throw new CannotStart(
      `PostgreSQL cannot run as root, and the system user postgres may not enter ${closed}: choose a --data folder that it may enter, such as /var/lib/meridian, or "chmod o+x ${closed}"`,
    )
  return {
    owner,
    as: (program, args) => ({ program: 'setpriv', args: [...entering, program, ...args], options: {} }),
  }
}

function systemUser(): { uid: number; gid: number } {
  const found = lookUp()
  if (found) return found
  // Somebody else may be making it at the same moment: what counts is that it is there afterwards.
  spawnSync('groupadd', ['--system', 'postgres'])
  spawnSync('useradd', [
    '--system',
    '--gid',
    'postgres',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    'postgres',
  ])
  const made = lookUp()
  if (!made)
    throw new CannotStart(
      'PostgreSQL cannot run as root, and the system user postgres could not be made: make it, or start as another user',
    )
  return made
}

function lookUp(): { uid: number; gid: number } | undefined {
  const [uid, gid] = ['-u', '-g'].map((what) => {
    const answer = spawnSync('id', [what, 'postgres'], { encoding: 'utf8' })
    return answer.status === 0 ? Number(answer.stdout) : undefined
  })
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

/**
 * The outermost folder on the way to `path`, itself included, that this user may not enter by its mode bits, or
 * undefined if the way is free.
 */
export function whereClosedTo(user: { uid: number; gid: number }, path: string): string | undefined {
  const above = dirname(path)
  const closedAbove = above === path ? undefined : whereClosedTo(user, above)
  if (closedAbove !== undefined) return closedAbove
  const { uid, gid, mode } = statSync(path)
  const mayEnter = uid === user.uid ? mode & 0o100 : gid === user.gid ? mode & 0o010 : mode & 0o001
  return mayEnter ? undefined : path
}

/**
 * `no_setuid_fixup` keeps the capability in force for access(2) too, by which PostgreSQL checks its own binary.
 */
function enteringArguments({ uid, gid }: { uid: number; gid: number }): string[] {
  const only = '-all,+dac_override'
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    `--inh-caps=${only}`,
    `--ambient-caps=${only}`,
    `--bounding-set=${only}`,
  ]
}
