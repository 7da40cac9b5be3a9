/** A room is pure as a whole; what is not, is named. */
const PURE = '^apps/planner/src/(planning|migration)/';
const NOT_PURE = [
  '\\.spec\\.ts$|-test-kit\\.ts$',
  // SHA-256 of its argument; crypto has clocks and dice too, so only this file has it.
  '^apps/planner/src/planning/plan-hash\\.ts$',
  '^apps/planner/src/migration/(process-manager|decision-item|reaction|migration-view|timers)[^/]*\\.ts$|\\.module\\.ts$',
];

/** ADR 0024. */
const IN_PROCESS = '^apps/cli/src/in-process/';

/**
 * The arrows of the house (docs/architecture.md): what may import what. test/house holds each rule against a file that
 * breaks it.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
export default {
  forbidden: [
    {
      name: 'apps-are-strangers',
      comment: 'Planner, executor and command line meet in the ledger, in Kafka and over HTTP, never in code.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: IN_PROCESS },
      to: { path: '^apps/([^/]+)/', pathNot: '^apps/$1/' },
    },
    {
      name: 'in-process-takes-whole-parts',
      comment: 'The one place where planner and executor are put into one process: by their roots, never by a room.',
      severity: 'error',
      from: { path: IN_PROCESS },
      to: {
        path: '^apps/(planner|executor)/',
        pathNot: [
          '^apps/planner/src/(planner\\.app|planner\\.config|auth/api-keys)\\.ts$',
          '^apps/executor/src/(executor|executor\\.config|secrets/sealing)\\.ts$',
        ],
      },
    },
    {
      name: 'library-knows-no-app',
      comment: 'libs/shared is what all apps stand on, libs/client what programs use that are not of ours.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '\\.spec\\.ts$|-test-kit\\.ts$' },
      to: { path: '^(apps|test|scripts|examples|bench)/', pathNot: 'node_modules' },
    },
    {
      name: 'services-need-no-client',
      comment: 'The client is for those who talk to Rehome from outside.',
      severity: 'error',
      from: { path: '^(apps/(planner|executor)|libs/shared)/', pathNot: '\\.spec\\.ts$|-test-kit\\.ts$' },
      to: { path: '^libs/client/' },
    },
    {
      name: 'apps-know-no-tooling',
      comment: 'What ships must not need the harness; specs may.',
      severity: 'error',
      from: { path: '^apps/', pathNot: '\\.spec\\.ts$|-test-kit\\.ts$' },
      to: { path: '^(test|scripts|examples|bench)/', pathNot: 'node_modules' },
    },
    {
      name: 'harness-needs-no-tests',
      comment: 'The stack and the benchmarks stand on the harness, and the images are built without the tests.',
      severity: 'error',
      from: { path: '^(test/harness|scripts|examples|bench)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/', pathNot: '^test/harness/|node_modules' },
    },
    {
      name: 'pure-rooms-stay-pure',
      comment:
        'Planning and the decider of a migration import only contracts and errors: no package, no clock, no environment.',
      severity: 'error',
      from: { path: PURE, pathNot: NOT_PURE },
      to: { pathNot: [PURE, '^libs/shared/src/(contracts|errors)/'] },
    },
    {
      name: 'pure-rooms-know-no-effects',
      comment: 'The process manager calls the decider, never the other way round.',
      severity: 'error',
      from: { path: PURE, pathNot: NOT_PURE },
      to: { path: NOT_PURE[2] },
    },
    {
      name: 'contracts-stand-alone',
      comment: 'What crosses a boundary depends on nothing that does the crossing.',
      severity: 'error',
      from: { path: '^libs/shared/src/contracts/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/shared/src/', pathNot: '^libs/shared/src/(contracts|errors)/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one idea, or hide a third, also if only their types do.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-barrels',
      comment: 'Import from the file that defines it.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)index\\.ts$', pathNot: 'node_modules' },
    },
    {
      name: 'nothing-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'what-ships-uses-what-ships',
      comment: 'A development package in code that is deployed works here and fails there.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '\\.spec\\.ts$|-test-kit\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['app-source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
    },
  },
};
