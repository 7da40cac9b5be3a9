import { toPosition, type Position } from '#shared/contracts/ids.js';
import { migrationOfStream } from '#shared/contracts/streams.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { evolve } from '../migration/evolve.js';
import { initialState, type KnownState, type MigrationState } from '../migration/migration-state.js';
import { readEvents } from './audit-reading.js';

/**
 * Every migration as it stood when the ledger ended at a position, in the order they were asked for. Folds the
 * whole ledger up to there, page by page: exact, and as slow as the ledger is long.
 */
export async function migrationsAt(reader: LedgerReader, until: Position): Promise<KnownState[]> {
  const states = new Map<string, MigrationState>();
  for await (const page of readEvents(reader, { from: toPosition(1), until })) {
    for (const event of page) {
      const migrationId = migrationOfStream(event.stream)?.migrationId;
      if (migrationId !== undefined) states.set(migrationId, evolve(states.get(migrationId) ?? initialState, event));
    }
  }
  return [...states.values()].filter((state) => state.status !== 'unknown');
}
