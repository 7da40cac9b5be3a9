import type { Pool } from 'pg';
import type { CommandSignature, EventMetadata, LedgerEvent, StepRunKey } from '#shared/contracts/events.js';
import { toMigrationId, toStepId, type StreamId } from '#shared/contracts/ids.js';
import type { JsonValue } from '#shared/contracts/json.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { stepStream } from '#shared/contracts/streams.js';
import { uuidV5 } from '#shared/contracts/uuid.js';
import type { RehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerItem } from '#shared/ledger/ledger-item.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { traceparentField } from '#shared/observability/trace-context.js';
import { activeTraceparent } from '#shared/observability/tracing.js';
import { signatureIn, type CommandKeys } from '#shared/signing/command-signature.js';
import type { StepCommand } from './step-command.js';

/** A command as it came: by Kafka, by the sweep, or from the ledger of an in-process run. */
export interface Arrival {
  /** Event id of the command. */
  readonly commandId: string;
  readonly position: bigint;
  readonly correlationId: string;
  readonly traceparent?: string;
  readonly data: JsonValue;
  readonly signature: CommandSignature | undefined;
}

export interface CommandIntakeParts {
  readonly ledger: Pick<LedgerWriter, 'append'>;
  readonly reader: Pick<LedgerReader, 'find'>;
  readonly reads: Pool;
  /** Whose commands are run. */
  readonly keys: CommandKeys;
  readonly owner: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Something can be claimed now. */
  readonly wake: () => void;
}

export type Acceptance = 'accepted' | 'duplicate' | 'rejected';

/** A command as the ledger holds it. */
export function arrivalOfEvent({ eventId: commandId, position, metadata, data }: LedgerEvent): Arrival {
  const { correlationId, traceparent } = metadata;
  const command = { commandId, position, correlationId, ...traceparentField(traceparent) };
  return { ...command, data: asJsonObject(data), signature: signatureIn(metadata) };
}

/** What is appended because of a command says so. */
export function metadataOf({ commandId, correlationId, traceparent }: Arrival, owner: string): EventMetadata {
  const actor = `executor:${owner}`;
  return { correlationId, causationId: commandId, actor, ...traceparentField(activeTraceparent() ?? traceparent) };
}

/** Fails the run that a command names. No run comes of it: attempt and fence 0. */
export function rejectItem(command: StepCommand, because: RehomeError, arrival: Arrival, owner: string): LedgerItem {
  const key = keyOf(command);
  const data = { ...key, attempt: 0, fence: 0, kind: command.kind, failure: because.toFailure(), final: true };
  const eventId = uuidV5(arrival.commandId, 'rejected');
  const metadata = metadataOf(arrival, owner);
  return {
    appends: [
      {
        stream: stepStreamOf(key),
        expected: 'any',
        events: [{ eventId, type: 'StepFailed', schemaVersion: 1, data, metadata }],
      },
    ],
    effects: [],
  };
}

export function keyOf({ migrationId, stepId, direction, generation }: StepRunKey): StepRunKey {
  return { migrationId, stepId, direction, generation };
}

export function stepStreamOf({ migrationId, stepId }: Pick<StepRunKey, 'migrationId' | 'stepId'>): StreamId {
  return stepStream(toMigrationId(migrationId), toStepId(stepId));
}
