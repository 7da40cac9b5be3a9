import type { Pool } from 'pg';
import type { LedgerEvent } from '#shared/contracts/events.js';
import { toPosition, type Position } from '#shared/contracts/ids.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { type RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import { ledgerFailure, type LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWake } from '#shared/ledger/ledger-wake.js';
import { backOffMs, pauseFor } from '#shared/messaging/waiting.js';
import type { Logger } from '#shared/observability/logger.js';
import { type CommandKeys, signatureIn } from '#shared/signing/command-signature.js';
import { arrivalOfEvent } from './arrival.js';
import type { CommandIntake } from './command-intake.js';

export interface LedgerDeliveryParts {
  readonly intake: Pick<CommandIntake, 'accept' | 'cancel'>;
  readonly reader: Pick<LedgerReader, 'read' | 'head'>;
  readonly reads: Pool;
  readonly wake: Pick<LedgerWake, 'waitFor'>;
  /** Whose commands are run. */
  readonly keys: CommandKeys;
  readonly logger: Logger;
}

const PAGE = 200;
/** Without a notification the ledger is looked at this often. */
const IDLE_MS = 500;
const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 2_000;

/**
 * The message port of a process that has planner and executor in one: commands reach the intake from the ledger as soon
 * as they are committed, in position order. Where it is, it keeps in memory only: a new life begins at the first command
 * that nobody has accepted. No relay's cursor is moved, so whatever is delivered here is still published by the next
 * relay; what Kafka then brings a second time the inbox knows.
 */
export class LedgerDelivery {
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private position: Position | undefined;
  /** Of the last failed look; told once, however long it lasts. */
  private trouble: ErrorCode | undefined;

  constructor(private readonly parts: LedgerDeliveryParts) {}

  start(): void {
    this.loop ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  /** Hands over what is there now. @throws RehomeError LEDGER_UNAVAILABLE */
  async deliver(): Promise<Position> {
    const { reader } = this.parts;
    // The head first: what is committed later may be waited for from there on.
    const { position: head } = await reader.head();
    let position = this.position ?? (await this.beginning(head));
    while (position < head && !this.stopping.signal.aborted) {
      const page = await reader.read({
        after: position,
        until: head,
        limit: PAGE,
        types: ['StepCommanded', 'StepCancelCommanded'],
      });
      for (const event of page) await this.handOver(event);
      position = page.length === PAGE ? toPosition(page.at(-1)?.position ?? head) : head;
      this.position = position;
    }
    return position;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      try {
        const position = await this.deliver();
        [failures, this.trouble] = [0, undefined];
        await this.parts.wake.waitFor(signal, IDLE_MS, position);
      } catch (error) {
        this.report(toRehomeError(error));
        await pauseFor(backOffMs((failures += 1), FIRST_BACK_OFF_MS, LONGEST_BACK_OFF_MS), signal);
      }
    }
  }

  private report(err: RehomeError): void {
    if (err.code !== this.trouble) this.parts.logger.warn({ err }, 'commands cannot be delivered');
    this.trouble = err.code;
  }

  /** Right before the first command that nobody accepted, or cancel that nobody took to its run. */
  private async beginning(head: Position): Promise<Position> {
    try {
      const { rows } = await this.parts.reads.query<{ position: string | null }>(
        `select least(
           (select min(command.position)
              from ledger.event as command
             where command.type = 'StepCommanded'
               and not exists (select from executor.inbox as known where known.command_id = command.event_id)),
           (select min(cancel.position)
              from executor.step_run as run
              join ledger.event as cancel
                on cancel.migration_id = run.migration_id and cancel.type = 'StepCancelCommanded'
             where run.state in ('accepted', 'waiting', 'running') and not run.cancel_requested)
         ) as position`,
      );
      const first = rows[0]?.position ?? undefined;
      return first === undefined ? head : toPosition(BigInt(first) - 1n);
    } catch (error) {
      throw ledgerFailure(error);
    }
  }

  /** What nobody can be given must not stop the others. */
  private async handOver(event: LedgerEvent): Promise<void> {
    if (this.isForOthers(event)) return;
    try {
      if (event.type === 'StepCommanded') await this.parts.intake.accept(arrivalOfEvent(event));
      else await this.parts.intake.cancel(arrivalOfEvent(event));
    } catch (error) {
      const failure = toRehomeError(error);
      if (failure.disposition !== 'reject') throw error;
      this.parts.logger.error({ eventId: event.eventId, err: failure }, 'command in the ledger cannot be taken');
    }
  }

  /** A planner beside us, whose key we do not hold, has executors of its own: its runs are not ours to refuse. */
  private isForOthers({ eventId, type, schemaVersion, data, metadata }: LedgerEvent): boolean {
    const refusal = this.parts.keys.refusalOf({ eventId, type, schemaVersion, data }, signatureIn(metadata));
    if (refusal?.code !== 'COMMAND_KEY_UNKNOWN') return false;
    this.parts.logger.warn({ eventId, err: refusal }, 'command left to executors that hold its key');
    return true;
  }
}
