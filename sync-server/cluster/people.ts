import type { AccountConfig, HomeGroupConfig } from '../config/config.ts'
import { hashPassword } from '../identity/passwords.ts'

/** Home groups and demo accounts of a development cluster. Never part of a production server. */

export const demoPassword = 'meridian'

const knownPlaces: Record<string, { group: string; timeZone: string; hospital: string }> = {
  frankfurt: {
    group: 'frankfurt-general',
    timeZone: 'Europe/Berlin',
    hospital: 'Frankfurt General Hospital',
  },
  london: { group: 'london-royal', timeZone: 'Europe/London', hospital: 'London Royal Infirmary' },
  nairobi: { group: 'nairobi-north', timeZone: 'Africa/Nairobi', hospital: 'Nairobi North Hospital' },
}

const knownPeople: Record<string, string> = {
  'physician.frankfurt': 'Dr Anna Weber',
  'nurse.frankfurt': 'Jonas Keller',
  'physician.london': 'Dr Amelia Hart',
  'physician.nairobi': 'Dr David Otieno',
  'nurse.nairobi': 'Grace Wanjiru',
}

/** For physicians of regions that nobody has named yet, in the order of the regions. */
const otherPhysicians = [
  'Dr Ines Duarte',
  'Dr Tomasz Nowak',
  'Dr Leila Haddad',
  'Dr Kenji Mori',
  'Dr Sofia Lindqvist',
  'Dr Mateo Rojas',
  'Dr Priya Nair',
]

function placeOf(region: string) {
  const name = region.charAt(0).toUpperCase() + region.slice(1)
  return (
    knownPlaces[region] ?? {
      group: `${region}-general`,
      timeZone: 'UTC',
      hospital: `${name} General Hospital`,
    }
  )
}

/** One home group for each region, open to all of them. */
export function homeGroupsOf(regions: readonly string[]): HomeGroupConfig[] {
  return regions.map((home) => {
    const { group, timeZone } = placeOf(home)
    return { name: group, home, policy: 'home', regions: [...regions], timeZone }
  })
}

/** A physician for each region, nurses where the stories need them, and an operator who belongs to every home group. */
export async function accountsOf(regions: readonly string[]): Promise<AccountConfig[]> {
  const clinicians = regions.flatMap((region, i) =>
    (['physician', 'nurse'] as const).flatMap((role) => {
      const username = `${role}.${region}`
      const name = knownPeople[username] ?? (role === 'physician' ? otherPhysician(i) : undefined)
      const { group, hospital } = placeOf(region)
      return name ? [{ username, name, role, organisation: hospital, homeGroups: [group] }] : []
    }),
  )
  const operator = {
    username: 'operator',
    name: 'Cluster operator',
    role: 'operator' as const,
    organisation: 'Meridian operations',
    homeGroups: homeGroupsOf(regions).map((group) => group.name),
  }
  return Promise.all(
    [...clinicians, operator].map(async (person) => ({
      ...person,
      passwordHash: await hashPassword(demoPassword),
      sources: 'any' as const,
    })),
  )
}

function otherPhysician(i: number): string {
  return otherPhysicians[i % otherPhysicians.length]!
}
