/** The import rules of the house: they run one way, and the domain stays pure. */
const only = (name, from, forbidden, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: forbidden },
})

export default {
  forbidden: [
    only(
      'domain-is-alone',
      '^domain/',
      '^(sync-server|renderer|electron|test)/',
      'domain imports nothing of ours',
    ),
    only('server-uses-domain', '^sync-server/', '^(renderer|electron|test)/', 'the server uses domain only'),
    only('renderer-uses-domain', '^renderer/', '^(sync-server|electron|test)/', 'the app uses domain only'),
    only(
      'electron-is-a-shell',
      '^electron/',
      '^(domain|sync-server|renderer|test)/',
      'electron holds nothing clinical',
    ),
    {
      name: 'domain-has-no-io',
      comment: 'no file, no socket, no process in the domain (its tests may read vectors)',
      severity: 'error',
      from: { path: '^domain/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nothing-dangling',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(vite/client|virtual:|@medplum/fhirtypes)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules/(?!yjs)|^test/bench/peers/' },
    tsConfig: { fileName: 'tsconfig.json' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
