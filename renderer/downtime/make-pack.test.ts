import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { entryId } from '../../domain/entries/entry.ts'
import { entriesMap } from '../../domain/entries/items.ts'
import type { Copies } from '../sync/copies.ts'
import { desktopOf } from './desktop.ts'
import { packName } from './file-name.ts'
import { makePack, type PackDeps } from './make-pack.ts'
import { inOrder } from './order.ts'
import { readCopy } from './read-copy.ts'
import { copyOf, entryFor, inputOf, patient, row } from './sample-copy.ts'
import { emptySheet, sheetOf } from './sheet-of.ts'

const rowsOf = (...ids: string[]) => ids.map((id) => ({ ...row, id, name: `NAME, ${id}` }))
const depsOf = (more: Partial<PackDeps> = {}): PackDeps => ({
  read: async () => copyOf([]),
  sheet: (about, copy) =>
    copy ? sheetOf(inputOf(copy, { row: about })) : emptySheet(inputOf(copyOf([]), { row: about }), 'failed'),
  measure: async ({ blocks }) => ({ heights: blocks.map(() => 10), room: 25 }),
  breathe: async () => {},
  ...more,
})
const running = () => ({ signal: new AbortController().signal, onProgress: () => {} })

test('DP15 a patient who needs more than one page has each numbered, and the headings go on', async () => {
  const pack = await makePack(rowsOf('a'), depsOf(), running())
  expect(pack.pages.map(({ page, pages }) => `${page} of ${pages}`)).toEqual(['1 of 2', '2 of 2'])
  expect(pack.pages.flatMap(({ blocks }) => blocks)).toHaveLength(pack.pages[0]?.sheet.blocks.length ?? 0)
})

test('DP16 a patient whose copy breaks the app does not cost the others their pages', async () => {
  const read = async (id: string) => {
    if (id === 'b') throw new Error('damaged')
    return copyOf([patient])
  }
  const pack = await makePack(rowsOf('a', 'b', 'c'), depsOf({ read }), running())
  expect([...new Set(pack.pages.map(({ sheet }) => sheet.patientId))]).toEqual(['a', 'b', 'c'])
  expect(pack.pages.find(({ sheet }) => sheet.patientId === 'b')?.sheet.copy).toBe('failed')
})

test('DP17 reading goes on patient by patient, counts, lets the window breathe, and stops where it is told to', async () => {
  const stop = new AbortController()
  const seen: string[] = []
  const pack = await makePack(
    rowsOf('a', 'b', 'c', 'd'),
    depsOf({
      read: async (id) => {
        seen.push(id)
        return copyOf([])
      },
      breathe: async () => void seen.push('breath'),
    }),
    {
      signal: stop.signal,
      onProgress: (done) => {
        seen.push(String(done))
        if (done === 2) stop.abort()
      },
    },
  )
  expect(seen).toEqual(['a', '1', 'breath', 'b', '2', 'breath'])
  expect(pack).toMatchObject({ asked: 4, patients: 2 })
  expect(pack.lacking).toHaveLength(2)
})

test('DP18 the order is that of the list, by name, or by home and then by name; only who is ticked is printed', () => {
  const rows = [
    { ...row, id: '1', name: 'ZETA', home: 'london' },
    { ...row, id: '2', name: 'ALPHA', home: 'nairobi' },
    { ...row, id: '3', name: 'BETA', home: 'london' },
    { ...row, id: '4', name: 'GAMMA', home: 'london' },
  ]
  const ids = (order: 'list' | 'name' | 'home') =>
    inOrder(rows, new Set(['1', '2', '3']), order)
      .map(({ id }) => id)
      .join('')
  expect([ids('list'), ids('name'), ids('home')]).toEqual(['123', '231', '312'])
  expect(rows.map(({ id }) => id).join('')).toBe('1234')
})

test('DP19 a copy is read from this device and closed again, whatever it holds; what cannot be read is counted', async () => {
  const open = new Set<string>()
  const entry = entryFor(patient)
  const copies: Copies = {
    open(name, doc) {
      open.add(name)
      return {
        read: async () => {
          if (name === 'journal/p1/2024') throw new Error('the disk')
          if (name !== 'chart/p1') return 5
          const map = doc.getMap(entriesMap)
          const item = JSON.parse(JSON.stringify(entry))
          map.set(`${entryId(entry)}@london.1`, { ...item, commit: { origin: 'london.1', seq: 1, epoch: 1 } })
          map.set('garbage', 7)
          return 3
        },
        confirm: () => {},
        drop: async () => {},
        close: async () => void open.delete(name),
      }
    },
  }
  await expect(readCopy(copies, 'p1', 2026)).rejects.toThrow('the disk')
  await expect.poll(() => open.size).toBe(0)
  const read = await readCopy(copies, 'p1', 2031)
  expect(open.size).toBe(0)
  expect(read.documents.get('chart/p1')).toMatchObject({ complete: true, confirmedAt: 3 })
  expect(read.documents.get('chart/p1')?.entries).toHaveLength(1)
  expect(read.unreadable).toBe(1)
  expect(new Y.Doc().getMap(entriesMap).size).toBe(0)
})

test('DP20 the name of a file says when and nothing about anybody, and what the shell answers is checked', async () => {
  expect(packName(new Date(2026, 10, 24, 3, 12).getTime())).toBe('meridian-downtime-2026-11-24-0312')
  expect(desktopOf(undefined)).toBeUndefined()
  expect(desktopOf({ desktop: true, savePdf: 'no' })).toBeUndefined()
  const answers = async (savePdf: () => Promise<unknown>) =>
    desktopOf({ savePdf, onDowntime: () => () => {} })?.savePdf({ name: 'a', paper: 'A4' })
  expect(await answers(async () => ({ outcome: 'saved', name: 'a.pdf' }))).toEqual({
    outcome: 'saved',
    name: 'a.pdf',
  })
  const unknown = { outcome: 'failed', why: 'other', code: 'shell' }
  expect(await answers(async () => ({ outcome: 'saved' }))).toEqual(unknown)
  expect(await answers(() => Promise.reject(new Error('gone')))).toEqual(unknown)
})
