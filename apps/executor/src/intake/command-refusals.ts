import { canonicalJson } from '#shared/contracts/canonical-json.js';
import type { LedgerEvent, StepRunKey } from '#shared/contracts/events.js';
import type { JsonValue } from '#shared/contracts/json.js';
import { uuidV5 } from '#shared/contracts/uuid.js';
import { toRehomeError, type RehomeError } from '#shared/errors/rehome-error.js';
import { signatureIn } from '#shared/signing/command-signature.js';
import { isKnownRun } from '../running/step-run-store.js';
import {
  metadataOf,
  rejectItem,
  stepStreamOf,
  type Acceptance,
  type Arrival,
  type CommandIntakeParts,
} from './arrival.js';
import { parseRunKey } from './step-command.js';

export type CommandEvent = Extract<LedgerEvent, { type: 'StepCommanded' | 'StepCancelCommanded' }>['type'];

/**
 * What becomes of a command that no trusted key signed. The ledger tells whose it is. When the planner's own command,
 * as the ledger holds it, is not to be trusted either, this executor lacks the planner's key: the run fails, or the
 * migration would wait for ever. Everything else is forged: it is recorded beside the run that it names and put
 * aside, and that run goes on as if it had never come.
 */
export class CommandRefusals {
  constructor(private readonly parts: CommandIntakeParts) {}

  /** @throws RehomeError the refusal itself, for the dead letter, unless a run fails of it or has ended its way. */
  async refuse(type: CommandEvent, arrival: Arrival, refusal: RehomeError): Promise<Acceptance> {
    const key = runIn(arrival.data);
    if (key === undefined) throw this.told(arrival, refusal);
    const own = await this.plannersOwn(type, arrival);
    if (own?.type !== 'StepCommanded') {
      await this.record(arrival, key, refusal);
      throw this.told(arrival, refusal, key);
    }
    // Taken in while its key was trusted: the run is under way or over.
    if (await isKnownRun(this.parts.reads, key)) return 'duplicate';
    this.told(arrival, refusal, key);
    const { ledger, owner } = this.parts;
    const answer = await ledger.append(rejectItem(own.data, refusal, arrival, owner));
    return answer.outcome === 'appended' ? 'rejected' : 'duplicate';
  }

  /** The command as the ledger holds it, when it is the one that came and is refused there, too. */
  private async plannersOwn(type: CommandEvent, { commandId, data }: Arrival): Promise<LedgerEvent | undefined> {
    const event = await this.parts.reader.find(commandId);
    if (event?.type !== type || canonicalJson(event.data) !== canonicalJson(data)) return undefined;
    // A copy without its signature, sent ahead of the real one, must not fail what the real one runs.
    return this.parts.keys.refusalOf(event, signatureIn(event.metadata)) === undefined ? undefined : event;
  }

  private async record(arrival: Arrival, key: StepRunKey, refusal: RehomeError): Promise<void> {
    const { commandId, data, signature } = arrival;
    // The same forgery is the same event, however often Kafka brings it.
    const eventId = uuidV5(commandId, `refused:${canonicalJson({ data, signature: signature ?? null })}`);
    const metadata = metadataOf(arrival, this.parts.owner);
    const claimed = signature === undefined ? {} : { keyId: signature.keyId };
    const refused = { commandId, named: key, reason: refusal.toFailure(), ...claimed };
    await this.parts.ledger.append({
      appends: [
        {
          stream: stepStreamOf(key),
          expected: 'any',
          events: [{ eventId, type: 'StepCommandRefused', schemaVersion: 1, data: refused, metadata }],
        },
      ],
      effects: [],
    });
  }

  private told({ commandId }: Arrival, refusal: RehomeError, key?: StepRunKey): RehomeError {
    this.parts.metrics.count('rehome_refused_commands_total', { reason: refusal.code });
    this.parts.logger.error({ commandId, ...key, err: refusal }, 'command refused');
    return refusal;
  }
}

/** The run that a command names; undefined when it names none: nobody could be told. */
function runIn(data: JsonValue): StepRunKey | undefined {
  try {
    return parseRunKey(data);
  } catch (error) {
    if (toRehomeError(error).code === 'COMMAND_INVALID') return undefined;
    throw error;
  }
}
