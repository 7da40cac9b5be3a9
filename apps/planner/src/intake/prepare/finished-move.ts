import type { StateOf } from '../../migration/migration-state.js';
import { answerOf } from '../../migration/step-result.js';
import { targetLocation } from '../../migration/switch-record.js';
import { readOutcome, type MoveLocation, type MoveOutcome } from '../../planning/outcome.js';
import type { Lookups } from './prepared.js';
import { refuse } from './unknown-entries.js';

/** A completed migration that moved a database, with both ends as it left them. */
export interface FinishedMove {
  readonly state: StateOf<'completed'>;
  readonly outcome: MoveOutcome;
  readonly from: MoveLocation & { readonly database: string };
  readonly to: MoveLocation & { readonly database: string };
  /** Name of what it put aside. */
  readonly retiredName?: string;
}

/** @throws RequestRefused NOT_FOUND, or STATE_CONFLICT saying why this migration left nothing to go back to. */
export async function finishedMove(migrationId: string, lookups: Lookups): Promise<FinishedMove> {
  const state = await lookups.migration(migrationId);
  if (state.status === 'unknown') throw refuse('NOT_FOUND', `there is no migration ${migrationId}`);
  const links = { migration: `/v1/migrations/${migrationId}` };
  const { kind, dryRun } = state.request;
  if (dryRun) throw refuse('STATE_CONFLICT', `${migrationId} was a dry run: it moved nothing`, links);
  if (state.status !== 'completed')
    throw refuse('STATE_CONFLICT', `migration ${migrationId} is ${state.status}, not completed`, links);
  const outcome = readOutcome(state.planned.plan.outcome);
  const to = outcome.type === 'move' ? targetLocation(state, outcome) : undefined;
  if (outcome.type !== 'move' || to === undefined)
    throw refuse('STATE_CONFLICT', `migration ${migrationId} (${kind}) moved no database`, links);
  const { database, from } = outcome;
  const { retiredName } = answerOf(state, 'retire-source') ?? {};
  return {
    state,
    outcome,
    from: { ...from, database },
    to: { ...to, database: to.database ?? database },
    ...(retiredName === undefined ? {} : { retiredName }),
  };
}

/** The completed migration of a kind that was about this one; the newest. */
export async function completedAbout(
  kind: 'return' | 'retire',
  { state }: FinishedMove,
  lookups: Lookups,
): Promise<string | undefined> {
  const { migrationId, subject } = state.request;
  for (const { migrationId: id, status } of await lookups.migrationsOf(kind, subject)) {
    if (status !== 'completed') continue;
    const other = await lookups.migration(id);
    if (other.status === 'completed' && other.request.request['migrationId'] === migrationId) return id;
  }
  return undefined;
}
