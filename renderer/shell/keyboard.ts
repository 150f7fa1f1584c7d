/**
 * Shortcuts of one key, and of two in a row. Sans I/O: keys go in, commands come out.
 *
 * | keys | command |
 * |---|---|
 * | `/` | search |
 * | `g` `p` | patients |
 * | `g` `o` | outbox |
 * | `n` | new |
 * | `?` | help |
 */
export type Command = 'search' | 'patients' | 'outbox' | 'new' | 'help'

const commands: { [keys: string]: Command } = {
  '/': 'search',
  'g p': 'patients',
  'g o': 'outbox',
  n: 'new',
  '?': 'help',
}

/** For the help dialog, in its order. */
export const shortcuts: readonly { keys: readonly string[]; command: Command }[] = Object.entries(
  commands,
).map(([keys, command]) => ({ keys: keys.split(' '), command }))

/** The second key of a pair counts for so many ms. */
const pairMs = 1200

export type KeyPress = {
  key: string
  /** With Ctrl, Alt or Meta: belongs to the browser. */
  modified: boolean
  /** The focus is where keys write text. */
  typing: boolean
  /** ms since any fixed moment. */
  at: number
}

export type Keys = { press(press: KeyPress): Command | undefined }

export function createKeys(): Keys {
  let first: { key: string; at: number } | undefined
  return {
    press({ key, modified, typing, at }) {
      const before = first && at - first.at <= pairMs ? first.key : undefined
      first = undefined
      if (modified || typing || key.length !== 1) return undefined
      const pair = before && commands[`${before} ${key}`]
      if (pair) return pair
      const single = commands[key]
      if (!single) first = { key, at }
      return single
    },
  }
}
