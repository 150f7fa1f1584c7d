import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

/** Metrics of one region, in a registry of their own. Labels are few and never name a person or a document. */
export function createMetrics({ processMetrics = true }: { processMetrics?: boolean } = {}) {
  const registry = new Registry()
  const registers = [registry]
  if (processMetrics) collectDefaultMetrics({ register: registry, prefix: 'meridian_' })
  const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
  return {
    registry,
    httpSeconds: new Histogram({
      name: 'meridian_http_request_seconds',
      help: 'Time to answer an HTTP request',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: seconds,
      registers,
    }),
    connections: new Gauge({
      name: 'meridian_connections',
      help: 'Open WebSocket connections',
      labelNames: ['endpoint'] as const,
      registers,
    }),
    upgradesRefused: new Counter({
      name: 'meridian_upgrades_refused_total',
      help: 'WebSocket upgrades that were refused',
      labelNames: ['status'] as const,
      registers,
    }),
    connectionsClosed: new Counter({
      name: 'meridian_connections_closed_total',
      help: 'WebSocket connections that this region closed, by close code',
      labelNames: ['code'] as const,
      registers,
    }),
    entriesCommitted: new Counter({
      name: 'meridian_entries_committed_total',
      help: 'Proposals that were answered with a commit',
      registers,
    }),
    entriesRefused: new Counter({
      name: 'meridian_entries_refused_total',
      help: 'Proposals that were refused',
      labelNames: ['code'] as const,
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'meridian_commit_seconds',
      help: 'Time from a proposal to its flushed commit',
      buckets: seconds,
      registers,
    }),
    pendingEntries: new Gauge({
      name: 'meridian_pending_entries',
      help: 'Entries that were admitted and wait for the flush',
      registers,
    }),
    resyncs: new Counter({
      name: 'meridian_resyncs_total',
      help: 'Slow readers whose queue was replaced by one resync from rows',
      registers,
    }),
    notesLoaded: new Gauge({
      name: 'meridian_notes_loaded',
      help: 'Note documents in memory',
      registers,
    }),
    documentBeginnings: new Counter({
      name: 'meridian_document_reads_total',
      help: 'Documents that were read whole, by where their beginning came from',
      labelNames: ['from'] as const,
      registers,
    }),
    noteSnapshots: new Counter({
      name: 'meridian_note_snapshots_total',
      help: 'Snapshots of notes that were kept',
      registers,
    }),
    noteAppends: new Counter({
      name: 'meridian_note_appends_total',
      help: 'Appends to the log of notes',
      labelNames: ['outcome'] as const,
      registers,
    }),
    documentsQuarantined: new Gauge({
      name: 'meridian_documents_quarantined',
      help: 'Documents of which this region cannot read everything that it holds',
      registers,
    }),
    storeWrites: new Gauge({
      name: 'meridian_store_takes_writes',
      help: '1 while the database takes writes, else 0',
      registers,
    }),
    peerReachable: new Gauge({
      name: 'meridian_peer_reachable',
      help: '1 while a peer is followed and heard of, else 0',
      labelNames: ['peer'] as const,
      registers,
    }),
    peerLagRows: new Gauge({
      name: 'meridian_peer_lag_rows',
      help: 'Rows that a peer said it has and this region has not; absent while unknown',
      labelNames: ['peer'] as const,
      registers,
    }),
    historiesDiffer: new Gauge({
      name: 'meridian_histories_differ',
      help: '1 while rows of an origin are about that another region has otherwise, and not everybody has set them aside',
      labelNames: ['origin'] as const,
      registers,
    }),
    rowsSetAside: new Gauge({
      name: 'meridian_rows_set_aside',
      help: 'Rows that stood behind the end of an origin in this region, and are committed again under another one',
      labelNames: ['origin'] as const,
      registers,
    }),
    rowsWithoutKey: new Gauge({
      name: 'meridian_rows_not_servable',
      help: 'Rows of an origin that are flushed here and stand behind one whose key this region has not been granted',
      labelNames: ['origin'] as const,
      registers,
    }),
    importedResources: new Counter({
      name: 'meridian_imported_resources_total',
      help: 'Resources of imports',
      labelNames: ['outcome'] as const,
      registers,
    }),
    importsUnderWay: new Gauge({
      name: 'meridian_imports_under_way',
      help: 'Large imports that are worked on, or wait for that',
      labelNames: ['stage'] as const,
      registers,
    }),
    importsTurnedAway: new Counter({
      name: 'meridian_imports_turned_away_total',
      help: 'Large imports that have to be sent again later, because too many waited',
      registers,
    }),
  }
}
