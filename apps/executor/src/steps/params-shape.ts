import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf, ResultOf } from '#shared/contracts/steps/step-types.js';
import { RehomeError } from '#shared/errors/rehome-error.js';

type Shape = 'text' | 'text?' | 'number' | 'number?' | 'object' | 'list' | 'list?' | 'object?' | 'boolean?';
type ShapeOf<P> = { readonly [F in keyof P]-?: Shape };

/**
 * What each kind's params must hold at least. The planner made them from validated requests; this catches a
 * planner of another version and a command written by hand before anything is touched.
 */
const SHAPES: { readonly [K in StepKind]: ShapeOf<ParamsOf<K>> } = {
  'inspect-move': {
    source: 'object',
    owner: 'text?',
    service: 'object?',
    target: 'object?',
    retired: 'object?',
    superuser: 'text?',
  },
  'inspect-retired': { retired: 'object', migrationId: 'text', backupId: 'text', backupOf: 'list' },
  'describe-plan': { plan: 'object' },
  'provision-server': { instanceId: 'text', knownServers: 'list' },
  'preflight-target': {
    target: 'object',
    targetRole: 'text',
    facts: 'object',
    tools: 'object',
    olderMajor: 'text?',
  },
  'capture-source': { source: 'object', fingerprint: 'text' },
  'create-database': {
    server: 'object',
    database: 'text',
    role: 'text',
    roleSecretRef: 'text?',
    passwordFrom: 'object?',
    sourceOwner: 'text',
    roles: 'list',
    encoding: 'text',
    collate: 'text',
    ctype: 'text',
    localeProvider: 'text',
    icuLocale: 'text?',
    extensions: 'list',
  },
  'stop-service': { service: 'object' },
  'fence-source': { source: 'object', captured: 'object', fingerprint: 'text', login: 'object?' },
  'dump-database': { source: 'object', label: 'text', jobs: 'number' },
  'restore-database': {
    server: 'object',
    workingName: 'text',
    backupId: 'text',
    role: 'text',
    sourceOwner: 'text',
    jobs: 'number',
    asRole: 'boolean?',
  },
  'apply-privileges': { source: 'object', server: 'object', workingName: 'text', role: 'text', sourceOwner: 'text' },
  'copy-settings': {
    source: 'object',
    server: 'object',
    workingName: 'text',
    role: 'text',
    sourceOwner: 'text',
    captured: 'object',
  },
  'verify-copy': {
    source: 'object',
    server: 'object',
    workingName: 'text',
    role: 'text',
    sourceOwner: 'text',
    jobs: 'number',
    backupId: 'text?',
  },
  'publish-database': { server: 'object', workingName: 'text', database: 'text' },
  'edit-config': { file: 'object', connection: 'object' },
  'write-secret-file': { file: 'object', secretRef: 'text' },
  'set-environment': { service: 'object', connection: 'object', previous: 'object' },
  'resize-service': { service: 'object', resources: 'object', previous: 'object' },
  'start-service': { service: 'object', target: 'object?', verified: 'object?' },
  'verify-connections': {
    source: 'object',
    target: 'object',
    role: 'text',
    service: 'object',
    stableForMs: 'number',
    connectWithinMs: 'number?',
  },
  'retire-source': { source: 'object', captured: 'object' },
  'reinstate-source': {
    source: 'object',
    retiredName: 'text',
    captured: 'object',
    retiredBy: 'text',
    markedBefore: 'text?',
  },
  'drop-retired': { retired: 'object', migrationId: 'text', backupId: 'text' },
  'inspect-backup': { source: 'object', compression: 'text', schemas: 'list?' },
  'back-up-database': {
    source: 'object',
    label: 'text',
    tier: 'text',
    compression: 'text',
    schemas: 'list?',
    jobs: 'number',
    kept: 'boolean?',
  },
  'verify-backup': { backupId: 'text', server: 'object', jobs: 'number' },
  'inspect-restore': { backup: 'object', target: 'object', schemas: 'list?', owner: 'text?' },
  'restore-backup': {
    backupId: 'text',
    server: 'object',
    database: 'text',
    role: 'text?',
    roleSecretRef: 'text?',
    schemas: 'list?',
    jobs: 'number',
  },
  'restore-file': {
    path: 'text',
    backupId: 'text?',
    format: 'text',
    sha256: 'text',
    server: 'object',
    database: 'text',
    role: 'text',
    roleSecretRef: 'text?',
    schemas: 'list?',
    jobs: 'number',
  },
  'verify-restore': {
    backupId: 'text',
    server: 'object',
    workingName: 'text',
    role: 'text',
    schemas: 'list?',
    jobs: 'number',
  },
  'remove-backups': { backupIds: 'list' },
  'inspect-project': { project: 'object', servers: 'list', databases: 'list?', revert: 'object?', backup: 'boolean?' },
  'prove-reverts': { project: 'object', database: 'object' },
  'prove-fakes': { project: 'object', database: 'object', migrations: 'list' },
  'apply-migrations': { project: 'object', database: 'object', migrations: 'list', appliedBy: 'text' },
  'revert-migration': {
    project: 'object',
    database: 'object',
    migration: 'object',
    script: 'text?',
    revertedBy: 'text',
  },
  'swap-database': {
    address: 'object',
    workingName: 'text',
    project: 'object',
    migration: 'object',
    schemas: 'list',
    revertedBy: 'text',
  },
  'run-command': { project: 'object', name: 'text', database: 'object', argv: 'list' },
  'validate-database': { project: 'object', database: 'object', categories: 'list' },
  'check-health': { project: 'object', servers: 'list', databases: 'list?' },
  'promote-backup': { backupId: 'text', tier: 'text', previous: 'text' },
};

/** @throws RehomeError COMMAND_INVALID that names every field that is missing or of another kind. */
export function parseParams<K extends StepKind>(kind: K, params: JsonObject): ParamsOf<K> {
  const shapes: readonly (readonly [string, Shape])[] = Object.entries(SHAPES[kind]);
  const problems = shapes
    .filter(([field, shape]) => !matches(params[field], shape))
    .map(([field, shape]) => `${field} must be ${DESCRIPTIONS[shape]}`);
  if (problems.length === 0) return params as unknown as ParamsOf<K>;
  throw new RehomeError('COMMAND_INVALID', `params of ${kind}: ${problems.join(', ')}`, { facts: { problems } });
}

/** Params of a command or plan that was checked before. */
export function typedParams(params: JsonObject): ParamsOf<StepKind> {
  return params as unknown as ParamsOf<StepKind>;
}

/** The params of an accepted run, and what the run answered when it is undone: both were checked or written by us. */
export function typedRun(run: { readonly params: JsonObject; readonly result: JsonObject | undefined }): {
  params: ParamsOf<StepKind>;
  result?: ResultOf<StepKind>;
} {
  const params = typedParams(run.params);
  return run.result === undefined ? { params } : { params, result: run.result as unknown as ResultOf<StepKind> };
}

function matches(value: JsonValue | undefined, shape: Shape): boolean {
  switch (shape) {
    case 'text':
      return typeof value === 'string' && value !== '';
    case 'text?':
      return value === undefined || value === null || matches(value, 'text');
    case 'number?':
      return value === undefined || typeof value === 'number';
    case 'boolean?':
      return value === undefined || typeof value === 'boolean';
    case 'number':
      return typeof value === 'number';
    case 'list':
      return Array.isArray(value);
    case 'list?':
      return value === undefined || value === null || Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'object?':
      return value === undefined || value === null || matches(value, 'object');
  }
}

const DESCRIPTIONS: Readonly<Record<Shape, string>> = {
  text: 'a text',
  'text?': 'a text or absent',
  number: 'a number',
  'number?': 'a number or absent',
  object: 'an object',
  'object?': 'an object or absent',
  'boolean?': 'true, false or absent',
  list: 'a list',
  'list?': 'a list or absent',
};
