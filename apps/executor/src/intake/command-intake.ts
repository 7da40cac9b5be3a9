import type { Pool } from 'pg';
import type { EventMetadata, StepRunKey } from '#shared/contracts/events.js';
import { toMigrationId, toStepId } from '#shared/contracts/ids.js';
import type { JsonValue } from '#shared/contracts/json.js';
import { stepStream } from '#shared/contracts/streams.js';
import { isUuid, uuidV5 } from '#shared/contracts/uuid.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerItem } from '#shared/ledger/ledger-item.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import type { Logger } from '#shared/observability/logger.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { requestCancel } from '../running/step-run-store.js';
import { slotOf } from './command-slot.js';
import { parseStepCancel, parseStepCommand, type StepCommand } from './step-command.js';

/** A command as it came, by Kafka or by the sweep. */
export interface Arrival {
  /** Event id of StepCommanded. */
  readonly commandId: string;
  readonly position: bigint;
  readonly correlationId: string;
  readonly data: JsonValue;
}

export interface CommandIntakeParts {
  readonly ledger: Pick<LedgerWriter, 'append'>;
  readonly reads: Pool;
  readonly owner: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Something can be claimed now. */
  readonly wake: () => void;
}

export type Acceptance = 'accepted' | 'duplicate' | 'rejected';

/** Takes commands in; the work itself is claimed later, by whoever is free. */
export class CommandIntake {
  constructor(private readonly parts: CommandIntakeParts) {}

  /**
   * @throws RehomeError COMMAND_INVALID when the command names no run
   * @throws RehomeError LEDGER_UNAVAILABLE
   */
  async accept(arrival: Arrival): Promise<Acceptance> {
    if (!isUuid(arrival.commandId)) throw new RehomeError('COMMAND_INVALID', 'the id of a command must be a UUID');
    const parsed = parseStepCommand(arrival.data);
    const item = parsed.valid
      ? acceptItem(parsed.command, arrival, this.metadata(arrival))
      : rejectItem(parsed.command, parsed.because, arrival, this.metadata(arrival));
    const answer = await this.parts.ledger.append(item);
    const fresh = answer.outcome === 'appended';
    const acceptance = fresh ? (parsed.valid ? 'accepted' : 'rejected') : 'duplicate';
    this.told(acceptance, parsed.command, arrival);
    return acceptance;
  }

  /** One that has not started ends without starting; a running one stops at its next safe point. */
  async cancel(data: JsonValue): Promise<void> {
    const cancel = parseStepCancel(data);
    const found = await requestCancel(this.parts.reads, cancel);
    this.parts.metrics.count('rehome_commands_total', { outcome: found ? 'cancel' : 'duplicate' });
    if (found) this.parts.wake();
  }

  private told(acceptance: Acceptance, command: StepCommand, { commandId }: Arrival): void {
    const { metrics, logger, wake } = this.parts;
    const { migrationId, stepId, direction, generation, kind } = command;
    metrics.count('rehome_commands_total', { outcome: acceptance });
    logger.info({ migrationId, stepId, direction, generation, kind, commandId, acceptance }, 'command received');
    if (acceptance === 'accepted') wake();
  }

  private metadata({ commandId, correlationId }: Arrival): EventMetadata {
    return { correlationId, causationId: commandId, actor: `executor:${this.parts.owner}` };
  }
}

function acceptItem(command: StepCommand, arrival: Arrival, metadata: EventMetadata): LedgerItem {
  const { kind, version, params, timeoutMs, site, result } = command;
  const key = keyOf(command);
  const slot = slotOf(command);
  const { commandId, correlationId, position } = arrival;
  const run = { ...key, kind, version, params, timeoutMs, correlationId, commandPosition: String(position) };
  return {
    appends: [
      {
        stream: streamOf(key),
        expected: 'any',
        events: [
          {
            eventId: uuidV5(commandId, 'accepted'),
            type: 'StepAccepted',
            schemaVersion: 1,
            data: { ...key, kind, commandId },
            metadata,
          },
        ],
      },
    ],
    effects: [
      {
        effect: 'accept',
        commandId,
        run: {
          ...run,
          ...(site === undefined ? {} : { site }),
          ...(result === undefined ? {} : { result }),
          ...(slot === undefined ? {} : { slot }),
        },
      },
    ],
  };
}

/** No run comes of it: attempt and fence 0. */
function rejectItem(command: StepCommand, because: RehomeError, arrival: Arrival, metadata: EventMetadata): LedgerItem {
  const key = keyOf(command);
  const data = { ...key, attempt: 0, fence: 0, kind: command.kind, failure: because.toFailure(), final: true };
  const eventId = uuidV5(arrival.commandId, 'rejected');
  return {
    appends: [
      {
        stream: streamOf(key),
        expected: 'any',
        events: [{ eventId, type: 'StepFailed', schemaVersion: 1, data, metadata }],
      },
    ],
    effects: [],
  };
}

function keyOf({ migrationId, stepId, direction, generation }: StepRunKey): StepRunKey {
  return { migrationId, stepId, direction, generation };
}

function streamOf({ migrationId, stepId }: StepRunKey): ReturnType<typeof stepStream> {
  return stepStream(toMigrationId(migrationId), toStepId(stepId));
}
