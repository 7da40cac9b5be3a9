import { toMigrationId, toStepId, type MigrationId, type StepId, type StreamId } from './ids.js';

/**
 * Streams and who may append to them (checked by the ledger's function, by database role):
 * planner `migration-*`, `instance-*`, `registry-*`, `intake-*`; executor `step-*`, `health-*`.
 */
export function migrationStream(migrationId: MigrationId): StreamId {
  return `migration-${migrationId}` as StreamId;
}

export function stepStream(migrationId: MigrationId, stepId: StepId): StreamId {
  return `step-${migrationId}:${stepId}` as StreamId;
}

export function instanceStream(instanceId: string): StreamId {
  return `instance-${instanceId}` as StreamId;
}

export type RegistryNoun = 'server' | 'service' | 'entitlements' | 'source' | 'policy' | 'project';

export function registryStream(noun: RegistryNoun, name: string): StreamId {
  return `registry-${noun}:${name}` as StreamId;
}

/** How the databases of a project are, told when it changes. */
export function healthStream(project: string): StreamId {
  return `health-${project}` as StreamId;
}

/** What became of a request that never became a migration. */
export function intakeStream(requestId: string): StreamId {
  return `intake-${requestId}` as StreamId;
}

const MIGRATION_STREAM = /^(?:migration-|step-)([0-9a-f-]{36})(?::([a-z0-9-]+))?$/;

/** The migration a stream belongs to, and its step when it is a step's stream. */
export function migrationOfStream(stream: string): { migrationId: MigrationId; stepId?: StepId } | undefined {
  const match = MIGRATION_STREAM.exec(stream);
  if (!match?.[1]) return undefined;
  const migrationId = toMigrationId(match[1]);
  return match[2] === undefined ? { migrationId } : { migrationId, stepId: toStepId(match[2]) };
}
