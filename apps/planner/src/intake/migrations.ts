import type pg from 'pg';
import type { MigrationView } from '#shared/contracts/answers.js';
import type { StepDirection } from '#shared/contracts/events.js';
import type { MigrationId } from '#shared/contracts/ids.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { ledgerFailure, type LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWake } from '#shared/ledger/ledger-wake.js';
import { pauseFor } from '#shared/messaging/waiting.js';
import { foldMigration } from '../migration/evolve.js';
import { isOver, type KnownState } from '../migration/migration-state.js';
import { viewMigration, type StepProgressRow } from '../migration/migration-view.js';

export interface Patience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Without a notification the stream is looked at this often. */
const LOOK_MS = 1_000;
/** A busy ledger wakes whoever waits all the time; none looks more often than this. */
const LOOK_AGAIN_MS = 50;

/** One migration as its stream tells it now: what was just accepted is there. */
export class Migrations {
  /** @param reads pool for the progress that executors report beside the ledger. */
  constructor(
    private readonly reader: LedgerReader,
    private readonly wake: LedgerWake,
    private readonly reads: pg.Pool,
  ) {}

  /** @throws RehomeError NOT_FOUND */
  async get(migrationId: MigrationId): Promise<KnownState> {
    const state = foldMigration(await this.reader.readMigration(migrationId));
    if (state.status === 'unknown') throw new RehomeError('NOT_FOUND', `there is no migration ${migrationId}`);
    return state;
  }

  /** The state as soon as `until` holds of it, else as it stands after `timeoutMs` or when the signal aborts. */
  async waitUntil(
    migrationId: MigrationId,
    until: (state: KnownState) => boolean,
    { timeoutMs, signal }: Patience,
  ): Promise<KnownState> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      // The head first: what is appended after it wakes the wait below.
      const { position } = await this.reader.head();
      const state = await this.get(migrationId);
      const leftMs = deadline - performance.now();
      if (until(state) || leftMs <= 0 || signal.aborted) return state;
      await this.wake.waitFor(signal, Math.min(leftMs, LOOK_MS), position);
      await pauseFor(Math.min(leftMs, LOOK_AGAIN_MS), signal);
    }
  }

  /** The state at the next change of status; at once when nothing will follow. */
  async waitForChange(migrationId: MigrationId, patience: Patience): Promise<KnownState> {
    const now = await this.get(migrationId);
    if (patience.timeoutMs <= 0 || isOver(now)) return now;
    return this.waitUntil(migrationId, (state) => state.status !== now.status, patience);
  }

  /** As people see it, with the progress of what runs. */
  async view(state: KnownState): Promise<MigrationView> {
    const progress = isOver(state) ? [] : await this.progressOf(state.request.migrationId);
    return viewMigration(state, progress, new Date().toISOString());
  }

  private async progressOf(migrationId: string): Promise<StepProgressRow[]> {
    try {
      const { rows } = await this.reads.query<ProgressRow>(
        `
        select step_id, direction, generation, attempt, progress
        from executor.step_progress
        where migration_id = $1
        `,
        [migrationId],
      );
      return rows.map(({ step_id, ...rest }) => ({ stepId: step_id, ...rest }));
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}

interface ProgressRow {
  readonly step_id: string;
  readonly direction: StepDirection;
  readonly generation: number;
  readonly attempt: number;
  readonly progress: StepProgressRow['progress'];
}
