import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A rectangle in device-independent pixels. */
export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where the window was when it was last seen. */
export interface WindowState {
  readonly bounds: Rectangle
  readonly maximized: boolean
}

/** The smallest window in which the chart can be read, in device-independent pixels. */
export const MINIMUM_SIZE = { width: 640, height: 480 }
/** The size of the first window, in device-independent pixels. */
export const FIRST_SIZE = { width: 1440, height: 900 }

/** Reads the kept state. Null when there is none, or none that can be used: then the window opens as at first. */
export function loadWindowState(profile: string): WindowState | null {
  try {
    return parseWindowState(JSON.parse(readFileSync(fileIn(profile), 'utf8')))
  } catch {
    return null
  }
}

/** Keeps the state. A full or read-only disk is no reason to keep a window from closing. */
export function saveWindowState(profile: string, state: WindowState): void {
  try {
    // Renamed into place, so that a crash leaves the old state or the new one.
    writeFileSync(`${fileIn(profile)}.new`, JSON.stringify(state))
    renameSync(`${fileIn(profile)}.new`, fileIn(profile))
  } catch (error) {
    console.error(`The window's size and place could not be kept in ${fileIn(profile)}:`, error)
  }
}

/** Checks what was read from the disk. */
export function parseWindowState(value: unknown): WindowState | null {
  if (typeof value !== 'object' || value === null) return null
  if (!('bounds' in value) || !('maximized' in value) || typeof value.maximized !== 'boolean') return null
  const bounds = parseRectangle(value.bounds)
  return bounds === null ? null : { bounds, maximized: value.maximized }
}

/**
 * The bounds to open with: the kept ones if their title bar can be grasped on one of the displays there are
 * now, and only their size, cut to the first display, if the display they were on is gone.
 */
export function fitBounds(
  state: WindowState | null,
  workAreas: readonly Rectangle[],
): Partial<Rectangle> & { width: number; height: number } {
  const { width, height } = state?.bounds ?? FIRST_SIZE
  if (state !== null && workAreas.some((area) => graspable(state.bounds, area))) return state.bounds
  const [area] = workAreas
  if (area === undefined) return { width, height }
  return { width: Math.min(width, area.width), height: Math.min(height, area.height) }
}

function fileIn(profile: string): string {
  return join(profile, 'window-state.json')
}

function parseRectangle(value: unknown): Rectangle | null {
  if (typeof value !== 'object' || value === null) return null
  if (!('x' in value && 'y' in value && 'width' in value && 'height' in value)) return null
  const { x, y, width, height } = value
  if (!isCoordinate(x) || !isCoordinate(y) || !isCoordinate(width) || !isCoordinate(height)) return null
  if (width < MINIMUM_SIZE.width || height < MINIMUM_SIZE.height) return null
  return { x, y, width, height }
}

function isCoordinate(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 100_000
}

function graspable(bounds: Rectangle, area: Rectangle): boolean {
  const visibleWidth = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x)
  return visibleWidth >= 100 && bounds.y >= area.y && bounds.y <= area.y + area.height - 40
}
