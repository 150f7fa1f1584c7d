import type { News, Windows } from './windows.ts'

/** The windows of one profile, for tests: news arrive at once, one window leads, and closing it lets the next one lead. */
export function sampleProfile() {
  type Member = { window: Windows; hears: Set<(news: News) => void>; begin: (() => () => void) | undefined }
  const members = new Set<Member>()
  let leader: { member: Member; end: () => void } | undefined
  const busy = new Map<string, Promise<unknown>>()

  const elect = () => {
    if (leader) return
    for (const member of members)
      if (member.begin) {
        leader = { member, end: member.begin() }
        return
      }
  }

  return {
    open(): Windows {
      const hears = new Set<(news: News) => void>()
      const window: Windows = {
        tell(news) {
          if (!members.has(member)) return
          for (const other of members)
            if (other !== member) for (const hear of [...other.hears]) hear(structuredClone(news))
        },
        onTold(listener) {
          hears.add(listener)
          return () => hears.delete(listener)
        },
        async exclusively(name, work) {
          const before = busy.get(name) ?? Promise.resolve()
          const mine = before.then(work)
          busy.set(
            name,
            mine.catch(() => undefined),
          )
          return mine
        },
        lead(begin) {
          member.begin = begin
          elect()
        },
        close() {
          members.delete(member)
          if (leader?.member !== member) return
          const { end } = leader
          leader = undefined
          end()
          elect()
        },
      }
      const member: Member = { window, hears, begin: undefined }
      members.add(member)
      return window
    },
  }
}
