import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { MigrationView } from '#shared/contracts/answers.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { createKeyPair, readSigningKey } from '#shared/signing/signing-keys.js';
import { ExecutorApp } from '../../apps/executor/src/executor-app.js';
import { readExecutorConfig } from '../../apps/executor/src/executor.config.js';
import type { BackupEntry } from '../../apps/planner/src/backups/backup-list.js';
import { addressOf, createSampleSource, type SampleSource } from './moved-database.js';
import { PlannerRig } from './planner-rig.js';
import { runPostgresUrl } from './run-addresses.js';

/** `GET /v1/migrations/{id}` of what concerns backups. */
export interface BackupMigration {
  readonly migrationId: string;
  readonly status: string;
  readonly result: Readonly<Record<string, unknown>>;
  /** What the plan, or the step that failed, says against it. */
  readonly trouble: string;
  readonly warnings: readonly string[];
}

const SERVER = 'main';
const ENDED = ['completed', 'rolled-back', 'cancelled', 'refused', 'halted'];
const END_TIMEOUT_MS = 120_000;

/** Planner and executor in this process, a real server, and a database that holds one of every kind of object. */
export class BackupWorld {
  private publishing: NodeJS.Timeout | undefined;

  private constructor(
    readonly planner: PlannerRig,
    readonly sample: SampleSource,
    readonly directory: string,
    private readonly executor: ExecutorApp,
  ) {}

  static async start(extra: Readonly<Record<string, string>> = {}): Promise<BackupWorld> {
    const keys = createKeyPair();
    const planner = await PlannerRig.start({ config: { signingKey: readSigningKey({ text: keys.privateKey }) } });
    const directory = await mkdtemp(join(tmpdir(), 'rehome-backups-'));
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
    const world = new BackupWorld(planner, await createSampleSource(runPostgresUrl()), directory, executor);
    await planner.put(`/v1/servers/${SERVER}`, {
      host,
      port,
      adminUser: user,
      adminSecretRef: 'env:REHOME_SECRET_MAIN',
    });
    world.publish();
    return world;
  }

  get source(): { server: string; database: string } {
    return { server: SERVER, database: this.sample.address.database };
  }

  /** Asks, waits for the end and tells what came of it. */
  async run(body: object, path = '/v1/migrations'): Promise<BackupMigration> {
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
    };
  }

  /** A backup of the sample. @throws Error when it was not made. */
  async backUp(more: object = {}): Promise<BackupEntry> {
    const made = await this.run({ kind: 'backup', database: this.source, ...more });
    if (made.status !== 'completed') throw new Error(`${made.status}: ${made.trouble}`);
    return this.backup(String(made.result['backupId']));
  }

  async backup(backupId: string): Promise<BackupEntry> {
    return (await this.planner.call('GET', `/v1/backups/${backupId}`)).json as unknown as BackupEntry;
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

  /** Databases that are the sample, or were made from it. */
  async databases(): Promise<string[]> {
    const rows = await this.rows<{ name: string }>('postgres', 'select datname as name from pg_database order by 1');
    return rows.map(({ name }) => name).filter((name) => name.startsWith(this.source.database));
  }

  async stop(): Promise<void> {
    clearInterval(this.publishing);
    await this.executor.stop();
    await this.planner.close();
    for (const name of await this.databases())
      await this.rows('postgres', `drop database ${quoteIdentifier(name)} with (force)`);
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
