import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { MigrationView } from '#shared/contracts/answers.js';
import { createKeyPair, readSigningKey } from '#shared/signing/signing-keys.js';
import { ExecutorApp } from '../../apps/executor/src/executor-app.js';
import { readExecutorConfig } from '../../apps/executor/src/executor.config.js';
import { addressOf } from './moved-database.js';
import { PlannerRig } from './planner-rig.js';
import { runPostgresUrl } from './run-addresses.js';

/** `GET /v1/migrations/{id}` at its end. */
export interface EndedMigration {
  readonly migrationId: string;
  readonly status: string;
  readonly result: Readonly<Record<string, unknown>>;
  /** What the plan, or the step that failed, says against it. */
  readonly trouble: string;
  readonly warnings: readonly string[];
  /** Kinds of the planned steps, in order. */
  readonly steps: readonly string[];
}

export const MAIN_SERVER = 'main';
const ENDED = ['completed', 'rolled-back', 'cancelled', 'refused', 'halted'];
const END_TIMEOUT_MS = 120_000;

/** Planner and executor in this process, and the run's real server in their registry. */
export class ServicesWorld {
  private publishing: NodeJS.Timeout | undefined;

  private constructor(
    readonly planner: PlannerRig,
    readonly directory: string,
    private readonly executor: ExecutorApp,
  ) {}

  static async start(extra: Readonly<Record<string, string>> = {}): Promise<ServicesWorld> {
    const keys = createKeyPair();
    const planner = await PlannerRig.start({ config: { signingKey: readSigningKey({ text: keys.privateKey }) } });
    const directory = await mkdtemp(join(tmpdir(), 'rehome-services-'));
    const { host, port, user, password } = addressOf(runPostgresUrl());
    const executor = await ExecutorApp.start(
      readExecutorConfig({
        REHOME_LEDGER_URL: planner.ledger.urls.executorUrl,
        REHOME_WORK_ROOT: join(directory, 'work'),
        REHOME_VAULT_KEY: randomBytes(32).toString('base64'),
        REHOME_COMMAND_KEYS: keys.publicKey,
        REHOME_EXECUTOR_PORT: '0',
        REHOME_SWEEP_INTERVAL_MS: '100',
        REHOME_SWEEP_GRACE_MS: '0',
        REHOME_LOG_LEVEL: 'silent',
        REHOME_SECRET_MAIN: password,
        ...extra,
      }),
    );
    const world = new ServicesWorld(planner, directory, executor);
    const adminSecretRef = 'env:REHOME_SECRET_MAIN';
    await planner.put(`/v1/servers/${MAIN_SERVER}`, { host, port, adminUser: user, adminSecretRef });
    world.publish();
    return world;
  }

  executorUrl(): Promise<string> {
    return this.executor.url();
  }

  /** Asks, waits for the end and tells what came of it. */
  async run(body: object, path = '/v1/migrations'): Promise<EndedMigration> {
    const asked = await this.planner.call('POST', path, { body });
    if (asked.status !== 202) throw new Error(`POST ${path} answered ${String(asked.status)}: ${asked.text}`);
    const { migrationId } = asked.json;
    let view: MigrationView | undefined;
    await this.planner.until(async () => {
      view = (await this.planner.call('GET', `/v1/migrations/${migrationId}?wait=5`)).json as unknown as MigrationView;
      return ENDED.includes(view.status);
    }, END_TIMEOUT_MS);
    if (view === undefined) throw new Error(`migration ${migrationId} tells nothing`);
    const reasons = view.reasons.map((reason) => `${reason.code} ${reason.detail}`);
    const errors = view.steps.map(({ id, error }) => (error === null ? '' : `${id}: ${error.code} ${error.detail}`));
    return {
      migrationId,
      status: view.status,
      result: view.result ?? {},
      trouble: [...reasons, ...errors].join('\n').trim(),
      warnings: view.plan?.warnings ?? [],
      steps: view.plan?.steps.map(({ kind }) => kind) ?? [],
    };
  }

  /** Rows of a query on a database of the server, as its superuser. */
  async rows<Row extends object>(database: string, text: string): Promise<Row[]> {
    const client = new pg.Client(addressOf(runPostgresUrl(), database));
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.publishing);
    await this.executor.stop();
    await this.planner.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Plays the relay: what stands in the ledger counts as published, so that the sweep takes it. */
  private publish(): void {
    this.publishing = setInterval(() => {
      this.planner.ledger
        .query(
          `insert into ledger.cursor (name, owner, fence, lease_until, position)
           select 'relay', 'test', 1, now(), position from ledger.head
           on conflict (name) do update set position = excluded.position`,
        )
        .catch(() => undefined);
    }, 50);
  }
}
