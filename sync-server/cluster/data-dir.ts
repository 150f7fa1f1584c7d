import { mkdirSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { CannotStart } from './cannot-start.ts'
import { takeLock } from './lock.ts'
import { mostRegions } from './ports.ts'
import { type RegionFolder, regionFolder, whatIsMissing } from './region-folder.ts'
import { writeDurably } from './write-durably.ts'

/**
 * The folder that keeps a development cluster:
 *
 * ```
 * cluster.json        version, members with the index that fixes their ports, what samples were loaded
 * lock                the process that has the folder
 * logs/               cluster.log, <region>.log, <region>-postgres.log
 * <region>/           region-folder.ts
 * ```
 */

const version = 1

const recordShape = z.strictObject({
  version: z.literal(version),
  regions: z.record(
    z.string(),
    z.strictObject({
      index: z
        .int()
        .min(0)
        .max(mostRegions - 1),
      /** Its secrets and its database were made: from now on they are expected to be there. */
      initialised: z.boolean(),
    }),
  ),
  /** Home group → hash of the samples that were loaded into it. */
  samples: z.record(z.string(), z.string()),
})

export type ClusterRecord = z.infer<typeof recordShape>

export type DataDir = {
  /** Real path of the folder. */
  path: string
  logs: string
  record: ClusterRecord
  folderOf(region: string): RegionFolder
  /** Keeps the record as it is now. */
  save(): void
  /** Removes what this start made, if it made the cluster; then gives the folder back. */
  undo(): void
  /** Gives the folder back. */
  release(): void
}

/** Opens or makes the folder and takes its lock. Throws {@link CannotStart} if it is in use, damaged, or not writable. */
export function openDataDir(given: string): DataDir {
  const asked = resolve(given)
  const firstMade = asWritable(asked, () => makeFolder(asked))
  const path = realpathSync(asked)
  const recordFile = join(path, 'cluster.json')
  const lock = asWritable(path, () => takeLock(join(path, 'lock'), path))
  if ('heldBy' in lock)
    throw new CannotStart(
      `${path} is in use by another cluster (pid ${lock.heldBy}); stop that one or give another --data`,
    )
  const folderOf = (region: string) => regionFolder(path, region)
  try {
    const fresh = !isThere(recordFile)
    if (fresh) refuseForeign(path)
    const record = fresh
      ? ({ version, regions: {}, samples: {} } satisfies ClusterRecord)
      : readRecord(recordFile)
    refuseDamaged(path, record)
    const logs = join(path, 'logs')
    asWritable(path, () => mkdirSync(logs, { recursive: true, mode: 0o700 }))
    return {
      path,
      logs,
      record,
      folderOf,
      save: () => writeDurably(recordFile, `${JSON.stringify(record, undefined, 2)}\n`),
      undo() {
        if (fresh)
          for (const made of [logs, recordFile, ...Object.keys(record.regions).map((r) => folderOf(r).path)])
            rmSync(made, { recursive: true, force: true })
        lock.release()
        if (fresh && firstMade) removeEmptyFolders(asked, firstMade)
      },
      release: () => lock.release(),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Gives a region its index: the one it had, else the lowest that is free. Throws {@link CannotStart} beyond ten. */
export function indexOf(record: ClusterRecord, region: string): number {
  const known = record.regions[region]
  if (known) return known.index
  const used = new Set(Object.values(record.regions).map((r) => r.index))
  const index = Array.from({ length: mostRegions }, (_, i) => i).find((i) => !used.has(i))
  if (index === undefined)
    throw new CannotStart(
      `no room for ${region}: this data folder knows ${Object.keys(record.regions).join(', ')} already, and a cluster has at most ${mostRegions} regions`,
    )
  record.regions[region] = { index, initialised: false }
  return index
}

/**
 * Makes a folder and those above it. Not by `recursive: true`, which never returns where a file system answers ENOENT to
 * every mkdir (/proc).
 * @returns the outermost that was made, or undefined if it was there
 */
function makeFolder(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) return undefined
  const above = dirname(path)
  const firstMade = found || above === path ? undefined : makeFolder(above)
  mkdirSync(path, { mode: 0o755 })
  return firstMade ?? path
}

function asWritable<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOTDIR' || code === 'EEXIST')
      throw new CannotStart(`${path} is, or lies in, something that is no folder; give another --data`)
    if (code === undefined) throw error
    throw new CannotStart(`${path} is not writable (${code}); make it so or give another --data`)
  }
}

/** A folder that holds something else is not filled with a cluster: stopping it halfway would mix the two for good. */
function refuseForeign(path: string): void {
  const ours = /^(lock(\..*)?|logs|lost\+found|\..*)$/
  const foreign = readdirSync(path).find((name) => !ours.test(name))
  if (foreign !== undefined)
    throw new CannotStart(
      `${path} is damaged or no cluster's: it holds ${foreign} but no cluster.json; restore it or give an empty folder as --data`,
    )
}

function readRecord(file: string): ClusterRecord {
  const damaged = (what: string) =>
    new CannotStart(`${file} is damaged (${what}); restore it from a copy or give another --data`)
  let raw: unknown
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw damaged((error as Error).message)
  }
  const newer = z.looseObject({ version: z.int().min(version + 1) }).safeParse(raw)
  if (newer.success)
    throw new CannotStart(
      `${file} was written by a newer Meridian (version ${newer.data.version}); use that one`,
    )
  const parsed = recordShape.safeParse(raw)
  if (!parsed.success) throw damaged(z.prettifyError(parsed.error).split('\n').join('; '))
  const indexes = Object.values(parsed.data.regions).map((r) => r.index)
  if (new Set(indexes).size !== indexes.length) throw damaged('two regions have the same index')
  return parsed.data
}

function refuseDamaged(path: string, record: ClusterRecord): void {
  for (const [region, { initialised }] of Object.entries(record.regions)) {
    const missing = initialised ? whatIsMissing(regionFolder(path, region)) : undefined
    if (missing)
      throw new CannotStart(
        `${path} is damaged: ${missing} of region ${region}; restore it from a copy or give another --data`,
      )
  }
}

/** Removes folders from the innermost to the outermost that was made; one that holds something by now stays. */
function removeEmptyFolders(innermost: string, outermost: string): void {
  try {
    for (let folder = innermost; ; folder = dirname(folder)) {
      rmdirSync(folder)
      if (folder === outermost) return
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT' && code !== 'EBUSY') throw error
  }
}

function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined
}
