/** What each measure tells, in which unit, and what the project wants of it. */
export type Metric = {
  letter: string
  name: string
  label: string
  unit: string
  /** Digits behind the point in the table. */
  digits: number
  better: 'more' | 'less'
  /** What is wanted of this server; nothing where it is told for comparison only. */
  target?: number
}

const metric = (
  letter: string,
  name: string,
  label: string,
  unit: string,
  digits: number,
  better: 'more' | 'less',
  target?: number,
): Metric => ({ letter, name, label, unit, digits, better, ...(target === undefined ? {} : { target }) })

/** In the order of the table. The targets are those of the project's issue 4. */
export const metrics: readonly Metric[] = [
  metric('a', 'editsPerSecond', 'closed-loop edits, 50 notes × 4', '/s', 0, 'more', 10_000),
  metric('a', 'editMicros', '  servers’ core for each', 'µs', 0, 'less'),
  metric('b', 'editP50', 'edit to others at 1,000/s, p50', 'ms', 2, 'less', 2),
  metric('b', 'editP99', '  p99', 'ms', 1, 'less', 8),
  metric('c', 'noteKilobytes', 'memory per idle note of 5 KB', 'KB', 0, 'less', 40),
  metric('c', 'databaseKilobytes', '  its database', 'KB', 0, 'less'),
  metric('d', 'longNoteCold', 'note of 100,000 edits, cold', 'ms', 0, 'less', 120),
  metric('d', 'longNoteColdCore', '  servers’ core', 'ms', 0, 'less'),
  metric('d', 'longNoteWarm', '  warm', 'ms', 0, 'less', 120),
  metric('d', 'longNoteWarmCore', '  servers’ core', 'ms', 0, 'less'),
  metric('e', 'reconnectSeconds', '1,000 reconnects with 1 KB', 's', 2, 'less', 1.2),
  metric('e', 'reconnectCore', '  servers’ core', 's', 2, 'less'),
  metric('f', 'lostEdits', 'lost after SIGKILL, of 20', '', 0, 'less', 0),
  metric('f', 'lostEditsBusy', '  at 1,000 edits/s elsewhere', '', 0, 'less', 0),
  metric('g', 'entriesPerSecond', 'entries by submit, 50 charts × 4', '/s', 0, 'more', 5000),
  metric('g', 'entryMicros', '  servers’ core for each', 'µs', 0, 'less'),
  metric('g', 'entriesPerSecond8', '  8 in flight each', '/s', 0, 'more'),
  metric('g', 'entryMicros8', '  servers’ core for each', 'µs', 0, 'less'),
  metric('h', 'regionP50', 'commit to other region’s client, p50', 'ms', 2, 'less', 6),
  metric('h', 'regionP99', '  p99', 'ms', 1, 'less', 20),
  metric('h', 'proposalToRegionP50', '  from the proposal, p50', 'ms', 2, 'less'),
  metric('h', 'proposalToRegionP99', '  p99', 'ms', 1, 'less'),
  metric('i', 'nightSeconds', 'catch-up of a night', 's', 2, 'less', 1),
  metric('i', 'firstCatchUpSeconds', '  of all 1,000 charts', 's', 2, 'less'),
  metric('j', 'journalCold', 'journal of 5,000, cold', 'ms', 0, 'less', 150),
  metric('j', 'journalColdBytes', '  last byte', 'ms', 0, 'less'),
  metric('j', 'journalColdCore', '  servers’ core', 'ms', 0, 'less'),
  metric('j', 'journalWarm', '  warm', 'ms', 0, 'less', 150),
  metric('j', 'journalWarmBytes', '  last byte', 'ms', 0, 'less'),
  metric('j', 'journalWarmCore', '  servers’ core', 'ms', 0, 'less'),
  metric('k', 'rowsPerSecond', 'rows into a region that was away', '/s', 0, 'more', 15_000),
  metric('k', 'rowMicros', '  servers’ core for each', 'µs', 0, 'less'),
  metric('k', 'committedPerSecond', '  committed in frames of 500', '/s', 0, 'more'),
]
