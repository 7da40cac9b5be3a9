import type { ProjectHistoryEntry } from '#shared/contracts/project-answers.js';
import type { MigrationName } from '#shared/contracts/projects.js';
import type { AppliedMigration, ApplyMigrationsParams, KeptMigrations } from '#shared/contracts/steps/project-steps.js';
import { toMigrationId } from '#shared/contracts/ids.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { afterRefused, placeOf } from '../http/page-fields.js';
import type { MigrationPage } from '../intake/migration.views.js';
import { foldMigration } from '../migration/evolve.js';
import type { Common, StepRun } from '../migration/migration-state.js';
import { latestRun } from '../migration/step-runs.js';
import type { MigrationList } from '../projections/migration-list.js';

interface Parts {
  readonly reader: LedgerReader;
  readonly list: MigrationList;
}

interface Asked {
  readonly project: string;
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

/** After an entry come as many older ones of its migration, then those of older migrations: newer ones move no place. */
interface Place {
  readonly migrationId: string;
  readonly older: number;
}

/**
 * Every migration that was applied, recorded, taken back or failed, newest first, as the ledger tells it: a row of a target
 * can be lost with its database, this cannot [d8 d28].
 *
 * @throws RequestRefused for an `after` that no page gave.
 */
export async function readProjectHistory(
  parts: Parts,
  { project, limit = Number.POSITIVE_INFINITY, after }: Asked,
): Promise<{ readonly items: readonly ProjectHistoryEntry[]; readonly next: string | null }> {
  const items: ProjectHistoryEntry[] = [];
  let last: Place | undefined;
  for await (const { entry, place } of entriesFrom(
    parts,
    project,
    after === undefined ? undefined : readPlace(after),
  )) {
    if (items.length >= limit) return { items, next: last === undefined ? null : placeText(last) };
    items.push(entry);
    last = place;
  }
  return { items, next: null };
}

async function* entriesFrom(
  { reader, list }: Parts,
  project: string,
  from: Place | undefined,
): AsyncGenerator<{ readonly entry: ProjectHistoryEntry; readonly place: Place }> {
  if (from !== undefined) {
    const entries = await entriesOfMigration(reader, from.migrationId);
    yield* entries.slice(Math.max(0, entries.length - from.older));
  }
  let after: string | null | undefined = from === undefined ? undefined : placeOf(from.migrationId);
  while (after !== null) {
    const page: MigrationPage = await list.page({
      subject: `project:${project}`,
      limit: 50,
      ...(after === undefined ? {} : { after }),
    });
    for (const { migrationId, kind } of page.items)
      if (kind === 'apply' || kind === 'revert') yield* await entriesOfMigration(reader, migrationId);
    after = page.next;
  }
}

async function entriesOfMigration(reader: LedgerReader, migrationId: string) {
  const state = foldMigration(await reader.readMigration(toMigrationId(migrationId)));
  const entries = state.status === 'unknown' ? [] : historyOf(state);
  return entries.map((entry, index) => ({ entry, place: { migrationId, older: entries.length - 1 - index } }));
}

const PLACE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,9})$/;

function placeText({ migrationId, older }: Place): string {
  return Buffer.from(`${migrationId}.${String(older)}`).toString('base64url');
}

function readPlace(text: string): Place {
  const [, migrationId, older] = PLACE.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (migrationId !== undefined) return { migrationId, older: Number(older) };
  throw afterRefused();
}

/** Of one migration of ours, newest first. */
export function historyOf(state: Common): ProjectHistoryEntry[] {
  if (isRehearsal(state)) return [];
  return state.runs
    .filter((run) => run.key.direction === 'run' && latestRun(state, run.key.stepId) === run)
    .flatMap((run) => entriesOf(state, run))
    .sort((one, other) => Date.parse(other.appliedAt) - Date.parse(one.appliedAt));
}

/** What it applied, it applied to copies that are gone. */
function isRehearsal({ planned }: Common): boolean {
  return planned?.plan.outcome['type'] === 'rehearsal';
}

function entriesOf(state: Common, run: StepRun): ProjectHistoryEntry[] {
  switch (run.kind) {
    case 'apply-migrations':
      return appliedBy(state, run);
    case 'revert-migration':
    case 'swap-database':
      return reverted(state, run);
    default:
      return [];
  }
}

function appliedBy(state: Common, run: StepRun): ProjectHistoryEntry[] {
  const params = run.params as unknown as ApplyMigrationsParams;
  const { alias } = params.database;
  const common = { database: alias, appliedBy: params.appliedBy, migrationId: run.key.migrationId };
  const { migrations, failed } = madeBy(state, run);
  return [
    ...migrations.map(({ app, version, name, status, executionTimeMs, appliedAt }) => ({
      ...{ app, version, name, status, executionTimeMs, appliedAt },
      ...common,
    })),
    ...(failed === undefined
      ? []
      : [
          {
            ...{ app: failed.app, version: failed.version, name: failed.name },
            status: 'failed' as const,
            executionTimeMs: null,
            appliedAt: run.finishedAt ?? run.commandedAt,
            ...common,
            ...('failure' in run.progress ? { detail: run.progress.failure.detail } : {}),
          },
        ]),
  ];
}

/** A step that failed tells what it left when it is undone. */
function madeBy(
  state: Common,
  run: StepRun,
): { readonly migrations: readonly AppliedMigration[]; readonly failed?: MigrationName } {
  if (run.progress.status === 'succeeded') {
    const { migrations = [] } = run.progress.result as { readonly migrations?: readonly AppliedMigration[] };
    return { migrations };
  }
  const undo = latestRun(state, run.key.stepId, 'undo');
  if (undo?.progress.status !== 'undone') return { migrations: [] };
  const { kept = [], failed } = undo.progress.result as unknown as Partial<KeptMigrations>;
  return { migrations: kept, ...(failed === undefined ? {} : { failed }) };
}

function reverted(state: Common, run: StepRun): ProjectHistoryEntry[] {
  const { migration, revertedBy } = run.params as unknown as {
    readonly migration: MigrationName;
    readonly revertedBy: string;
  };
  const { app, version, name } = migration;
  const common = {
    ...{ app, version, name, database: aliasOf(state), appliedBy: revertedBy },
    appliedAt: run.finishedAt ?? run.commandedAt,
    migrationId: run.key.migrationId,
  };
  if (run.progress.status === 'failed' || run.progress.status === 'needs-decision') {
    const { detail } = run.progress.failure;
    return [{ ...common, status: 'failed', executionTimeMs: null, detail }];
  }
  if (run.progress.status !== 'succeeded' || latestRun(state, run.key.stepId, 'undo') !== undefined) return [];
  const { executionTimeMs } = run.progress.result;
  return [
    {
      ...common,
      status: 'rolled_back',
      executionTimeMs: typeof executionTimeMs === 'number' ? executionTimeMs : null,
    },
  ];
}

/** A swap names its database by address only; the plan's outcome tells the alias. */
function aliasOf({ planned }: Common): string {
  const alias = planned?.plan.outcome['alias'];
  return typeof alias === 'string' ? alias : '';
}
