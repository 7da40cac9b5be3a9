import { createPrivateKey, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventName, EventTypes, LedgerEvent, LedgerEventOf, StepRunKey } from '#shared/contracts/events.js';
import { toMigrationId, toStepId } from '#shared/contracts/ids.js';
import { asJsonObject, STEP_VERSIONS, type StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf, ResultOf } from '#shared/contracts/steps/step-types.js';
import { migrationStream, stepStream } from '#shared/contracts/streams.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { signCommand } from '#shared/signing/command-signature.js';
import { createKeyPair } from '#shared/signing/signing-keys.js';
import { createTestLedger, type TestLedger } from './ledger.js';

export interface CommandOptions<K extends StepKind> {
  readonly kind: K;
  readonly params: ParamsOf<K>;
  readonly key?: Partial<StepRunKey>;
  readonly result?: ResultOf<K>;
  readonly timeoutMs?: number;
  readonly site?: string;
  /** Private key that signs it, as PEM; that of the rig's planner when silent, null for no signature. */
  readonly signedBy?: string | null;
}

export type StepCommandedEvent = LedgerEventOf<'StepCommanded'>;

/** How a run may end for good. */
const ENDS = ['StepSucceeded', 'StepUndone', 'StepFailed', 'StepCancelled', 'StepNeedsDecision'] as const;

/** A ledger and the planner's part of a conversation with executors: commands out, outcomes in. */
export class ExecutorRig {
  readonly reader: LedgerReader;
  readonly writer: LedgerWriter;
  readonly vaultKey = randomBytes(32).toString('base64');
  /** That of the planner whose part is played here. */
  readonly keys = createKeyPair();

  private constructor(
    readonly ledger: TestLedger,
    readonly workRoot: string,
  ) {
    this.reader = ledger.planner.reader;
    this.writer = ledger.planner.writer;
  }

  static async create(): Promise<ExecutorRig> {
    return new ExecutorRig(await createTestLedger(), await mkdtemp(join(tmpdir(), 'rehome-work-')));
  }

  /** Environment of an executor of this ledger, with short leases. */
  environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      REHOME_LEDGER_URL: this.ledger.urls.executorUrl,
      REHOME_WORK_ROOT: this.workRoot,
      REHOME_VAULT_KEY: this.vaultKey,
      REHOME_COMMAND_KEYS: this.keys.publicKey,
      REHOME_EXECUTOR_PORT: '0',
      REHOME_LEASE_TTL_MS: '2000',
      REHOME_HEARTBEAT_MS: '200',
      REHOME_SWEEP_INTERVAL_MS: '100',
      REHOME_SWEEP_GRACE_MS: '0',
      REHOME_LOG_LEVEL: 'warn',
      ...extra,
    };
  }

  async command<K extends StepKind>(options: CommandOptions<K>): Promise<StepCommandedEvent> {
    const migrationId = toMigrationId(options.key?.migrationId ?? randomUUID());
    const data: EventTypes['StepCommanded'] = {
      migrationId,
      stepId: options.key?.stepId ?? options.kind,
      direction: options.key?.direction ?? 'run',
      generation: options.key?.generation ?? 1,
      kind: options.kind,
      version: STEP_VERSIONS[options.kind],
      params: asJsonObject(options.params),
      timeoutMs: options.timeoutMs ?? 60_000,
      ...(options.site === undefined ? {} : { site: options.site }),
      ...(options.result === undefined ? {} : { result: asJsonObject(options.result) }),
    };
    const eventId = await this.append(migrationId, 'StepCommanded', data, options.signedBy);
    const events = await this.reader.readMigration(migrationId);
    const commanded = events.find((event) => event.eventId === eventId);
    if (commanded?.type !== 'StepCommanded') throw new Error('the command is not in the ledger');
    return commanded;
  }

  /** As if a relay had published everything up to now. */
  async pretendPublished(): Promise<void> {
    const { position } = await this.reader.head();
    await this.ledger.query(
      `insert into ledger.cursor (name, owner, fence, lease_until, position) values ('relay', 'test', 1, now(), $1)
       on conflict (name) do update set position = excluded.position`,
      [String(position)],
    );
  }

  async cancel(key: StepRunKey): Promise<void> {
    await this.append(key.migrationId, 'StepCancelCommanded', { ...keyOf(key), reason: 'a test wants it' });
  }

  eventsOf({ migrationId, stepId }: Pick<StepRunKey, 'migrationId' | 'stepId'>): Promise<LedgerEvent[]> {
    return this.reader.readStream(stepStream(toMigrationId(migrationId), toStepId(stepId)));
  }

  /** The event that ends the run for good. */
  outcome(key: StepRunKey, timeoutMs = 30_000): Promise<LedgerEvent> {
    return this.until(key, (event) => isEndOf(event, key), timeoutMs);
  }

  async until(key: StepRunKey, wanted: (event: LedgerEvent) => boolean, timeoutMs = 30_000): Promise<LedgerEvent> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const events = await this.eventsOf(key);
      const found = events.find(wanted);
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`not in time; there is ${JSON.stringify(events.map(brief))}`);
      await delay(20);
    }
  }

  async close(): Promise<void> {
    await this.ledger.close();
    await rm(this.workRoot, { recursive: true, force: true });
  }

  private async append<N extends EventName>(
    migrationId: string,
    type: N,
    data: EventTypes[N],
    signedBy: string | null = this.keys.privateKey,
  ): Promise<string> {
    const eventId = randomUUID();
    const command = { eventId, type, schemaVersion: 1, data };
    const signature = signedBy === null ? {} : { signature: signCommand(command, createPrivateKey(signedBy)) };
    const metadata = { correlationId: migrationId, causationId: migrationId, actor: 'planner', ...signature };
    const event = { ...command, metadata } as unknown as LedgerEvent;
    const stream = migrationStream(toMigrationId(migrationId));
    const answer = await this.writer.append({ appends: [{ stream, expected: 'any', events: [event] }], effects: [] });
    if (answer.outcome !== 'appended') throw new Error(`the ledger answered ${answer.outcome}`);
    return eventId;
  }
}

function keyOf({ migrationId, stepId, direction, generation }: StepRunKey): StepRunKey {
  return { migrationId, stepId, direction, generation };
}

function isEndOf(event: LedgerEvent, key: StepRunKey): boolean {
  if (!ENDS.some((end) => end === event.type) || !('direction' in event.data)) return false;
  if (event.data.direction !== key.direction || event.data.generation !== key.generation) return false;
  return event.type !== 'StepFailed' || event.data.final;
}

function brief(event: LedgerEvent): string {
  return event.type === 'StepFailed'
    ? `${event.type} ${event.data.failure.code}: ${event.data.failure.detail}`
    : event.type;
}
