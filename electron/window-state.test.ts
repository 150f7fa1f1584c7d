import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fitBounds, loadWindowState, parseWindowState, saveWindowState } from './window-state.ts'

const bounds = { x: 100, y: 50, width: 1000, height: 700 }
const state = { bounds, maximized: true }
const display = { x: 0, y: 0, width: 1920, height: 1080 }

describe('the state of the window', () => {
  it('EL18 is read as it was kept', async () => {
    const profile = await mkdtemp(join(tmpdir(), 'meridian-window-state-'))
    expect(loadWindowState(profile)).toBeNull()
    saveWindowState(profile, state)
    expect(loadWindowState(profile)).toEqual(state)
    await rm(profile, { recursive: true })
  })

  it.each([
    null,
    [],
    { bounds },
    { maximized: true, bounds: null },
    { maximized: true, bounds: { ...bounds, width: 10 } },
    { maximized: true, bounds: { ...bounds, x: 1.5 } },
    { maximized: true, bounds: { ...bounds, y: '0' } },
    { maximized: true, bounds: { ...bounds, height: 1e9 } },
  ])('EL19 is as none when it is damaged: %j', (value) => {
    expect(parseWindowState(value)).toBeNull()
  })

  it('EL18 keeps place and size while the display is there', () => {
    expect(fitBounds(state, [display])).toEqual(bounds)
    const second = { ...display, x: 1920 }
    const onSecond = { bounds: { ...bounds, x: 2000 }, maximized: false }
    expect(fitBounds(onSecond, [display, second])).toEqual(onSecond.bounds)
  })

  it('EL18 keeps the size only, when the display is gone', () => {
    const onSecond = { bounds: { x: 2000, y: 50, width: 3000, height: 700 }, maximized: false }
    expect(fitBounds(onSecond, [display])).toEqual({ width: 1920, height: 700 })
    expect(fitBounds({ bounds: { ...bounds, y: -300 }, maximized: false }, [display])).toEqual({
      width: 1000,
      height: 700,
    })
  })

  it('EL18 opens a first window no larger than the display', () => {
    expect(fitBounds(null, [{ x: 0, y: 0, width: 1280, height: 720 }])).toEqual({ width: 1280, height: 720 })
  })
})
