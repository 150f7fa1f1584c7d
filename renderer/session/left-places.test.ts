import { expect, test } from 'vitest'
import { keepPlacesApart } from './left-places.ts'
import type { SessionState } from './session.ts'

/** A browser window with its history, and whoever signs in at it. */
function window() {
  const kept = new Map<string, string>()
  let entries = ['/']
  let at = 0
  let state: SessionState = { state: 'signed-out', ended: false }
  const sessionListeners = new Set<() => void>()
  const movers = new Set<() => void>()
  const later: (() => void)[] = []
  const load = () => {
    sessionListeners.clear()
    keepPlacesApart({
      session: {
        current: () => state,
        onChange(listener) {
          sessionListeners.add(listener)
          return () => sessionListeners.delete(listener)
        },
      },
      places: {
        current: () => entries[at] ?? '',
        index: () => at,
        back(steps) {
          later.push(() => {
            at -= steps
            for (const mover of movers) mover()
          })
        },
        replace: (place) => entries.splice(at, 1, place),
        push(place) {
          entries = [...entries.slice(0, at + 1), place]
          at += 1
        },
        onMove(listener) {
          movers.add(listener)
          return () => movers.delete(listener)
        },
      },
      storage: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => kept.set(key, value),
        removeItem: (key) => kept.delete(key),
      },
      soon: (act) => later.push(act),
    })
    settle()
  }
  const settle = () => {
    for (let act = later.shift(); act; act = later.shift()) act()
  }
  const become = (next: SessionState) => {
    state = next
    for (const listener of sessionListeners) listener()
    settle()
  }
  load()
  return {
    enter: (id: string) =>
      become({
        state: 'signed-in',
        region: 'london',
        address: { http: '', sync: '' },
        regions: {},
        user: { id, name: id, role: 'nurse', organisation: 'o', homeGroups: [] },
      }),
    leave: (ended = false) => become({ state: 'signed-out', ended }),
    go(place: string) {
      entries = [...entries.slice(0, at + 1), place]
      at += 1
    },
    step: (by: number) => {
      at += by
    },
    reload() {
      state = { state: 'signed-out', ended: false }
      load()
    },
    here: () => entries[at],
    all: () => entries,
    kept: () => [...kept.values()].join(),
  }
}

test('OX40 who signs out leaves no address, neither shown nor behind Back and Forward', () => {
  const w = window()
  w.enter('anna')
  w.go('/patients/p1')
  w.go('/patients/p2')
  w.step(-1)
  w.leave()
  expect(w.all()).toEqual(['/', '/'])
  w.enter('anna')
  expect(w.here()).toBe('/')
  expect(w.kept()).not.toContain('anna')
})

test('OX41 whose session ended, or who loads the page again, comes back; nobody else does', () => {
  for (const away of [
    (w: ReturnType<typeof window>) => w.leave(true),
    (w: ReturnType<typeof window>) => w.reload(),
  ]) {
    const w = window()
    w.enter('anna')
    w.go('/patients/p1')
    away(w)
    expect(w.all()).toEqual(['/', '/'])
    w.enter('anna')
    expect(w.here()).toBe('/patients/p1')
    away(w)
    w.enter('berta')
    expect(w.here()).toBe('/')
    expect(w.all()).not.toContain('/patients/p1')
  }
})

test('OX42 an address that was given to somebody opens for whoever signs in first', () => {
  const w = window()
  w.go('/patients/p1')
  w.enter('anna')
  expect(w.here()).toBe('/patients/p1')
})
