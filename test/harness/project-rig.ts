import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { JsonObject } from '#shared/contracts/json.js';
import type { PendingMigration } from '#shared/contracts/projects.js';
import type { DatabaseAddress, ServerEndpoint } from '#shared/contracts/registry.js';
import type { MigratedDatabase, ProjectPin } from '#shared/contracts/steps/project-steps.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf, ResultOf } from '#shared/contracts/steps/step-types.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { createLogger } from '#shared/observability/logger.js';
import { digestOf } from '#shared/projects/bundle/digest.js';
import { loadProject } from '#shared/projects/load-project.js';
import { createStepTools } from '../../apps/executor/src/create-step-tools.js';
import { readExecutorConfig } from '../../apps/executor/src/executor.config.js';
import type { StepTools } from '../../apps/executor/src/running/step-tools.js';
import { Redactor } from '../../apps/executor/src/secrets/redact.js';
import { stepOf } from '../../apps/executor/src/steps/step-registry.js';
import type { Step, StepContext } from '../../apps/executor/src/running/step.js';
import { attempt, DeadAttempt, resultOf, type AttemptOptions } from './attempts.js';
import { createTestLedger, type TestLedger } from './ledger.js';
import { addressOf } from './moved-database.js';
import { runPostgresUrl } from './run-addresses.js';

export type ProjectSources = Readonly<Record<string, string>>;

/** A database of a project, with roles of its own. */
export interface RigDatabase {
  readonly address: DatabaseAddress;
  readonly owner: string;
  readonly application: string;
}

/** The steps of projects on real servers, attempt by attempt, without planner and runner. */
export class ProjectRig {
  private readonly databases: RigDatabase[] = [];

  private constructor(
    readonly ledger: TestLedger,
    readonly tools: StepTools,
    readonly directory: string,
    readonly server: ServerEndpoint,
    private readonly adminUrl: string,
  ) {}

  /** @param options another server than that of the run; more settings of the executor */
  static async create(
    options: { readonly adminUrl?: string; readonly settings?: Readonly<Record<string, string>> } = {},
  ): Promise<ProjectRig> {
    const adminUrl = options.adminUrl ?? runPostgresUrl();
    const [ledger, directory] = [await createTestLedger(), await mkdtemp(join(tmpdir(), 'rehome-project-'))];
    const config = readExecutorConfig({
      REHOME_LEDGER_URL: ledger.urls.executorUrl,
      REHOME_WORK_ROOT: join(directory, 'work'),
      REHOME_VAULT_KEY: randomBytes(32).toString('base64'),
      REHOME_LOG_LEVEL: 'silent',
      REHOME_MIGRATION_LOG_ROOT: join(directory, 'log'),
      REHOME_SECRET_MAIN: addressOf(adminUrl).password,
      ...options.settings,
    });
    await mkdir(config.workRoot, { mode: 0o700 });
    const logger = createLogger({ name: 'project', level: 'silent' });
    const { tools } = createStepTools({ config, pools: ledger.executor.pools, redactor: new Redactor(), logger });
    const { host, port, user } = addressOf(adminUrl);
    const server = { name: 'main', host, port, adminUser: user, adminSecretRef: 'env:REHOME_SECRET_MAIN' };
    return new ProjectRig(ledger, tools, directory, server, adminUrl);
  }

  /** An empty database of an owner that may do nothing else, and an application role beside it. */
  async database(): Promise<RigDatabase> {
    const digits = randomBytes(4).toString('hex');
    const [name, owner, application] = [`test_project_${digits}`, `owner_${digits}`, `app_${digits}`];
    await this.rows('postgres', `create role ${quoteIdentifier(owner)}`);
    await this.rows('postgres', `create role ${quoteIdentifier(application)}`);
    await this.rows(
      'postgres',
      `create database ${quoteIdentifier(name)} owner ${quoteIdentifier(owner)} template template0`,
    );
    await this.rows(name, `alter schema public owner to ${quoteIdentifier(owner)}`);
    const made = { address: { server: this.server, database: name }, owner, application };
    this.databases.push(made);
    return made;
  }

  /** Stores a project as the planner does. @throws Error with every problem of it. */
  async push(sources: ProjectSources): Promise<ProjectPin> {
    const files = new Map(Object.entries(sources));
    const outcome = await loadProject(files);
    if (!outcome.ok)
      throw new Error(
        outcome.problems.map(({ path, line, message }) => `${path}:${String(line)} ${message}`).join('\n'),
      );
    const digest = digestOf(files);
    await this.ledger.query(
      `insert into planner.project_content (digest, files) values ($1, $2) on conflict (digest) do nothing`,
      [digest, JSON.stringify(sources)],
    );
    return { name: outcome.project.definition.name, digest };
  }

  /** All of a project's versions as pending, to be run where they are at home. */
  async pending(pin: ProjectPin, home: string): Promise<PendingMigration[]> {
    const { migrations } = await this.tools.projects.load(pin);
    return migrations.map(({ app, version, name, transactional, requires, ...file }) => ({
      ...{ app, version, name, requires, ...(transactional ? {} : { transactional }) },
      action: file.home === home ? 'run' : 'elsewhere',
    }));
  }

  migrated({ address, owner, application }: RigDatabase, more: Partial<MigratedDatabase> = {}): MigratedDatabase {
    return { alias: 'main', address, schemas: ['public'], owner, application, settings: {}, ...more };
  }

  /** One attempt at a step. */
  async attempt<K extends StepKind>(options: RigAttempt<K>): Promise<ResultOf<K>> {
    return resultOf(await attempt(this.options(options))) as unknown as ResultOf<K>;
  }

  async undo<K extends StepKind>(options: RigAttempt<K>): Promise<JsonObject> {
    return resultOf(await attempt({ ...this.options(options), direction: 'undo' }));
  }

  /** An attempt that stands still at a point for ever. */
  async dies<K extends StepKind>(point: string, options: RigAttempt<K>): Promise<DeadAttempt<K>> {
    return DeadAttempt.at(point, this.options(options));
  }

  /** Rows of a query as the superuser. */
  async rows<Row extends object>(database: string, text: string, values: unknown[] = []): Promise<Row[]> {
    const client = await this.client(database);
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** A session of the superuser's; the caller ends it. */
  async client(database: string): Promise<pg.Client> {
    const client = new pg.Client({ ...addressOf(this.adminUrl), database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async close(): Promise<void> {
    const left = await this.rows<{ name: string }>(
      'postgres',
      `select datname as name from pg_database where datname like any ($1)`,
      [this.databases.map(({ address }) => `${address.database}%`)],
    );
    for (const { name } of left) await this.rows('postgres', `drop database ${quoteIdentifier(name)} with (force)`);
    for (const { owner, application } of this.databases) {
      await this.rows('postgres', `drop role ${quoteIdentifier(owner)}, ${quoteIdentifier(application)}`);
    }
    await this.ledger.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  private options<K extends StepKind>({ kind, params, ...more }: RigAttempt<K>): AttemptOptions<K> {
    return {
      step: stepOf(kind) as unknown as Step<K>,
      params,
      tools: this.tools,
      migrationId: more.migrationId ?? randomUUID(),
      attempt: more.attempt ?? 1,
      ...(more.stepId === undefined ? {} : { stepId: more.stepId }),
      ...(more.result === undefined ? {} : { result: more.result }),
      ...(more.progress === undefined ? {} : { progress: more.progress }),
    };
  }
}

export interface RigAttempt<K extends StepKind> {
  readonly kind: K;
  readonly params: ParamsOf<K>;
  /** Another one each time when silent. */
  readonly migrationId?: string;
  readonly stepId?: string;
  readonly attempt?: number;
  readonly result?: ResultOf<K>;
  readonly progress?: StepContext<K>['progress'];
}

/** `project.yaml` of one database that holds everything. */
export function projectYaml(name: string, more = ''): string {
  return `name: ${name}\ndatabases:\n  main: { server: main, database: shop }\nrouter: { default: main }\n${more}`;
}
