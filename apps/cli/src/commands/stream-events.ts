import { RESTART_MS } from '#client/http-calls.js';
import type { RehomeClient } from '#client/rehome-client.js';
import { isAtRest, type MigrationView } from '#shared/contracts/answers.js';
import { exitOfStatus, type ExitCode } from '../exit-codes.js';
import type { Run } from '../run.js';
import { aMigration, waitFor } from './wait-for.js';

/** After these a migration may stand still although its stream is not at its end. */
const MAY_SETTLE: ReadonlySet<string> = new Set([
  'PlanCompiled',
  'PlanRefused',
  'MigrationCompleted',
  'MigrationRolledBack',
  'MigrationCancelled',
  'MigrationHalted',
]);
const SCHEMA_VERSION = 1;

export function isNdjson({ json, screen }: Run): boolean {
  return json || screen.progress === 'json';
}

/**
 * A migration's events as NDJSON: first the schema's version, then one object per event with its `position`, at the end
 * how it stands. Types a reader does not know are to be passed over.
 */
export async function streamEvents(
  run: Run,
  client: RehomeClient,
  { migrationId, after }: { readonly migrationId: string; readonly after: string | undefined },
): Promise<ExitCode> {
  const { status, position } = await waitFor(run, aMigration(run, migrationId), async (signal) => {
    await run.work();
    run.out(JSON.stringify({ type: 'Watch', schemaVersion: SCHEMA_VERSION, migrationId }));
    return lines(run, client, { migrationId, after, signal });
  });
  run.out(JSON.stringify({ type: 'End', migrationId, status, position }));
  return exitOfStatus(status);
}

/** At rest, or only a person can let it go on. */
export function isSettled({ status }: Pick<MigrationView, 'status'>): boolean {
  return isAtRest(status) || status === 'awaiting-approval';
}

interface Place {
  readonly migrationId: string;
  readonly after: string | undefined;
  readonly signal: AbortSignal;
}

async function lines(run: Run, client: RehomeClient, { migrationId, after, signal }: Place): Promise<MigrationView> {
  const from = after === undefined ? {} : { after };
  const look = { signal, patience: { ms: RESTART_MS } };
  const before = await client.migration(migrationId, look);
  // Nothing may follow: the events so far are all there is, and a live stream would wait.
  if (isSettled(before)) {
    for (const event of await client.events(migrationId, after)) run.out(JSON.stringify(event));
    return before;
  }
  for await (const event of client.follow(migrationId, { ...from, signal })) {
    run.out(JSON.stringify(event));
    if (!MAY_SETTLE.has(event.type)) continue;
    const migration = await client.migration(migrationId, look);
    // Only with its newest event told, else the end would come before it.
    if (isSettled(migration) && BigInt(migration.position) <= BigInt(event.position)) return migration;
  }
  return client.migration(migrationId, look);
}
