import type { LedgerEvent } from '#shared/contracts/events.js';
import type { MigrationReport, ReportEntry } from '#shared/contracts/report.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { foldMigration } from '../migration/evolve.js';
import { viewMigration } from '../migration/migration-view.js';
import { sentenceOf } from './sentences.js';

/**
 * Everything that a migration's events tell: how it stands, its steps and each event in order.
 *
 * @throws RehomeError NOT_FOUND for no events
 */
export function reportOf(migrationId: string, events: readonly LedgerEvent[]): MigrationReport {
  const state = foldMigration(events);
  const [first, last] = [events[0], events.at(-1)];
  if (state.status === 'unknown' || first === undefined || last === undefined)
    throw new RehomeError('NOT_FOUND', `there is no migration ${migrationId}`);
  const { plan: _plan, position: _position, ...view } = viewMigration(state, [], state.lastAt);
  return {
    reportVersion: 1,
    ...view,
    entries: events.map(entryOf),
    ledger: {
      firstPosition: String(first.position),
      lastPosition: String(last.position),
      lastHash: last.hash,
      events: events.length,
    },
  };
}

/** The same report about one step. @throws RehomeError NOT_FOUND when the migration has no such step */
export function reportOfStep(report: MigrationReport, stepId: string): MigrationReport {
  const entries = report.entries.filter((entry) => entry.stepId === stepId);
  const steps = report.steps.filter(({ id }) => id === stepId);
  if (entries.length === 0 && steps.length === 0) {
    const known = report.steps.map(({ id }) => id).join(', ');
    throw new RehomeError('NOT_FOUND', `migration ${report.migrationId} has no step "${stepId}"; it has: ${known}`);
  }
  return { ...report, entries, steps };
}

function entryOf(event: LedgerEvent): ReportEntry {
  const { position, recordedAt, type, metadata, hash, data } = event;
  return {
    position: String(position),
    at: recordedAt,
    type,
    actor: metadata.actor,
    stepId: 'stepId' in data ? data.stepId : null,
    text: sentenceOf(event),
    failure: failureOf(event),
    hash,
  };
}

function failureOf({ data }: LedgerEvent): ReportEntry['failure'] {
  if ('failure' in data) return data.failure;
  return 'because' in data && typeof data.because === 'object' ? data.because : null;
}
