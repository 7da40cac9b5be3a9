import type { MigrationView } from './answers.js';
import type { Failure } from './events.js';

/** One event of a migration as a sentence. */
export interface ReportEntry {
  /** Decimal. */
  readonly position: string;
  readonly at: string;
  readonly type: string;
  readonly actor: string;
  readonly stepId: string | null;
  /** What happened, in a sentence. */
  readonly text: string;
  readonly failure: Failure | null;
  /** SHA-256 of the event, hex: its place in the chain of the ledger. */
  readonly hash: string;
}

/** The flight recorder of a migration, made from its events alone; fields may be added. */
export interface MigrationReport extends Omit<MigrationView, 'plan' | 'position' | 'updatedAt'> {
  readonly reportVersion: 1;
  /** Time of its newest event. */
  readonly updatedAt: string;
  readonly entries: readonly ReportEntry[];
  readonly ledger: {
    readonly firstPosition: string;
    readonly lastPosition: string;
    readonly lastHash: string;
    readonly events: number;
  };
}
