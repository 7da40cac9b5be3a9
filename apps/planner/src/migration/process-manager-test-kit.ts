import { randomUUID } from 'node:crypto';
import type { EventName, EventTypes, LedgerEvent, NewEvent, StepRunKey } from '#shared/contracts/events.js';
import { toMigrationId, toPosition, toStepId, type MigrationId, type StreamId } from '#shared/contracts/ids.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { migrationStream, stepStream } from '#shared/contracts/streams.js';
import { LedgerWake } from '#shared/ledger/ledger-wake.js';
import { silentLogger } from '#shared/observability/logger.js';
import { Metrics } from '#shared/observability/metrics.js';
import { createTestLedger, type TestLedger } from '../../../../test/harness/ledger.js';
import { upgradeRequest } from '../planning/upgrade-test-kit.js';
import { ANSWERS } from './answers-test-kit.js';
import { event } from './decision.js';
import { foldMigration } from './evolve.js';
import type { MigrationState } from './migration-state.js';
import { ProcessManager } from './process-manager.js';

type Commanded = EventTypes['StepCommanded'];
/** Answers a command; undefined: the executor never does. */
type Play = (command: Commanded) => JsonObject | undefined;

const NO_FAULTS = { reach: () => Promise.resolve() };

/** A real ledger with process managers on it and an executor that a spec plays. */
export class Stage {
  readonly ending = new AbortController();
  private readonly managers: ProcessManager[] = [];
  private executing: Promise<void> | undefined;

  private constructor(
    readonly ledger: TestLedger,
    private readonly wake: LedgerWake,
    private readonly executorWake: LedgerWake,
  ) {}

  static async open(): Promise<Stage> {
    const ledger = await createTestLedger();
    return new Stage(ledger, new LedgerWake(ledger.urls.plannerUrl), new LedgerWake(ledger.urls.executorUrl));
  }

  async close(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.managers.map((manager) => manager.stop()));
    await this.executing;
    await Promise.all([this.wake.close(), this.executorWake.close()]);
    await this.ledger.close();
  }

  manager(owner: string, faults: { reach(name: string): Promise<void> } = NO_FAULTS): ProcessManager {
    const { reader, writer, pools } = this.ledger.planner;
    const manager = new ProcessManager({
      reader,
      writer,
      refresh: ({ request: { migrationId, registry, policies } }) =>
        Promise.resolve({ events: [event('RegistryRefreshed', { migrationId, registry, policies })] }),
      wake: this.wake,
      leases: pools.leases,
      owner,
      leaseTtlMs: 2_000,
      pollMs: 200,
      logger: silentLogger(),
      metrics: new Metrics(),
      faults,
    });
    this.managers.push(manager);
    manager.start();
    return manager;
  }

  /** Plays the executor until the end: every command is answered once, well unless `play` says otherwise. */
  execute(play: Play = ({ kind }) => asJsonObject(ANSWERS[kind])): void {
    this.executing ??= this.playExecutor(play);
  }

  async request(
    changes: Partial<EventTypes['MigrationRequested']> = {},
    options: JsonObject = {},
  ): Promise<MigrationId> {
    const migrationId = toMigrationId(randomUUID());
    await this.add('MigrationRequested', migrationStream(migrationId), {
      ...upgradeRequest({}, options),
      migrationId,
      kind: 'upgrade',
      subject: 'instance:any',
      dryRun: false,
      requestedBy: 'key:tests',
      answerStatus: 'migrating',
      ...changes,
    });
    return migrationId;
  }

  async add<N extends EventName>(type: N, stream: StreamId, data: EventTypes[N]): Promise<void> {
    const service = stream.startsWith('step-') ? this.ledger.executor : this.ledger.planner;
    await service.writer.append({
      appends: [{ stream, expected: 'any', events: [newEvent(type, data)] }],
      effects: [],
    });
  }

  async events(migrationId: MigrationId): Promise<LedgerEvent[]> {
    return this.ledger.planner.reader.readMigration(migrationId);
  }

  /** Waits until a migration's state is as wanted. */
  async until(migrationId: MigrationId, wanted: (state: MigrationState) => boolean): Promise<MigrationState> {
    for (;;) {
      const events = await this.events(migrationId);
      const state = foldMigration(events);
      if (wanted(state)) return state;
      await this.wake.waitFor(this.ending.signal, 200, events.at(-1)?.position ?? 0n);
    }
  }

  private async playExecutor(play: Play): Promise<void> {
    const { reader } = this.ledger.executor;
    let after = toPosition(0);
    while (!this.ending.signal.aborted) {
      const events = await reader.read({ after, limit: 100 });
      for (const event of events) if (event.type === 'StepCommanded') await this.answer(event.data, play(event.data));
      after = toPosition(events.at(-1)?.position ?? after);
      if (events.length === 0) await this.executorWake.waitFor(this.ending.signal, 200, after);
    }
  }

  private async answer(command: Commanded, result: JsonObject | undefined): Promise<void> {
    const { kind, direction } = command;
    const of = { ...keyOf(command), attempt: 1, fence: 1, kind };
    const stream = stepStream(toMigrationId(command.migrationId), toStepId(command.stepId));
    await this.add('StepStarted', stream, { ...of, owner: 'executor-1' });
    if (result === undefined) return;
    if (direction === 'undo') await this.add('StepUndone', stream, { ...of, durationMs: 1, result });
    else await this.add('StepSucceeded', stream, { ...of, durationMs: 1, result, alreadyDone: false });
  }
}

function newEvent<N extends EventName>(type: N, data: EventTypes[N]): NewEvent {
  const metadata = { correlationId: 'c-1', causationId: 'c-1', actor: 'key:tests' };
  return { eventId: randomUUID(), type, schemaVersion: 1, data, metadata } as NewEvent;
}

function keyOf({ migrationId, stepId, direction, generation }: Commanded): StepRunKey {
  return { migrationId, stepId, direction, generation };
}
