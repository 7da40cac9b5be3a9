import { isUuid, uuidV5 } from '#shared/contracts/uuid.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerItem } from '#shared/ledger/ledger-item.js';
import { traceLogFields } from '#shared/observability/trace-context.js';
import { activeTraceparent } from '#shared/observability/tracing.js';
import { requestCancel } from '../running/step-run-store.js';
import {
  keyOf,
  metadataOf,
  rejectItem,
  stepStreamOf,
  type Acceptance,
  type Arrival,
  type CommandIntakeParts,
} from './arrival.js';
import { CommandRefusals } from './command-refusals.js';
import { slotOf } from './command-slot.js';
import { parseStepCancel, parseStepCommand, type StepCommand } from './step-command.js';

/** Takes commands in; the work itself is claimed later, by whoever is free. The only way to a run. */
export class CommandIntake {
  private readonly refusals: CommandRefusals;

  constructor(private readonly parts: CommandIntakeParts) {
    this.refusals = new CommandRefusals(parts);
  }

  /**
   * @throws RehomeError COMMAND_INVALID when the command names no run
   * @throws RehomeError COMMAND_UNSIGNED, COMMAND_KEY_UNKNOWN or COMMAND_SIGNATURE_INVALID when it is not the planner's
   * @throws RehomeError LEDGER_UNAVAILABLE
   */
  async accept(arrival: Arrival): Promise<Acceptance> {
    const refusal = this.refusalOf('StepCommanded', arrival);
    if (refusal !== undefined) return this.count(await this.refusals.refuse('StepCommanded', arrival, refusal));
    const parsed = parseStepCommand(arrival.data);
    const { owner, ledger } = this.parts;
    const item = parsed.valid
      ? acceptItem(parsed.command, arrival, owner)
      : rejectItem(parsed.command, parsed.because, arrival, owner);
    const answer = await ledger.append(item);
    const fresh = answer.outcome === 'appended';
    const acceptance = this.count(fresh ? (parsed.valid ? 'accepted' : 'rejected') : 'duplicate');
    this.told(acceptance, parsed.command, arrival);
    return acceptance;
  }

  /**
   * One that has not started ends without starting; a running one stops at its next safe point.
   *
   * @throws as `accept`
   */
  async cancel(arrival: Arrival): Promise<void> {
    const refusal = this.refusalOf('StepCancelCommanded', arrival);
    if (refusal !== undefined) {
      await this.refusals.refuse('StepCancelCommanded', arrival, refusal);
      return;
    }
    const cancel = parseStepCancel(arrival.data);
    const found = await requestCancel(this.parts.reads, cancel);
    this.parts.metrics.count('rehome_commands_total', { outcome: found ? 'cancel' : 'duplicate' });
    if (found) this.parts.wake();
  }

  private refusalOf(
    type: 'StepCommanded' | 'StepCancelCommanded',
    { commandId, data, signature }: Arrival,
  ): RehomeError | undefined {
    if (!isUuid(commandId)) throw new RehomeError('COMMAND_INVALID', 'the id of a command must be a UUID');
    if (typeof data !== 'object' || data === null)
      throw new RehomeError('COMMAND_INVALID', 'the data of a command must be an object');
    return this.parts.keys.refusalOf({ eventId: commandId, type, schemaVersion: 1, data }, signature);
  }

  private count(acceptance: Acceptance): Acceptance {
    this.parts.metrics.count('rehome_commands_total', { outcome: acceptance });
    return acceptance;
  }

  private told(acceptance: Acceptance, command: StepCommand, { commandId, traceparent }: Arrival): void {
    const { logger, wake } = this.parts;
    const { migrationId, stepId, direction, generation, kind } = command;
    const run = { migrationId, stepId, direction, generation, kind };
    const trace = traceLogFields(activeTraceparent() ?? traceparent);
    logger.info({ ...trace, ...run, commandId, acceptance }, 'command received');
    if (acceptance === 'accepted') wake();
  }
}

function acceptItem(command: StepCommand, arrival: Arrival, owner: string): LedgerItem {
  const { kind, version, params, timeoutMs, site, result } = command;
  const key = keyOf(command);
  const slot = slotOf(command);
  const { commandId, correlationId, position } = arrival;
  const metadata = metadataOf(arrival, owner);
  const run = { ...key, kind, version, params, timeoutMs, correlationId, commandPosition: String(position) };
  return {
    appends: [
      {
        stream: stepStreamOf(key),
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
