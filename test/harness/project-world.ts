import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { packProject } from '#shared/projects/bundle/archive.js';
import type { ProjectFiles } from '#shared/projects/bundle/project-files.js';
import { readProjectFolder } from '#shared/projects/bundle/read-folder.js';
import { projectRoot } from '../../scripts/stack/project-root.js';
import type { Answer, PlannerRig } from './planner-rig.js';
import { ServicesWorld, type EndedMigration } from './services-world.js';

interface WrittenDatabase {
  database: string;
  roles?: { owner?: string; application?: string };
}

/** A row of `rehome.schema_migrations`. */
export interface TrackedMigration {
  readonly app: string;
  readonly version: string;
  readonly status: string;
  readonly execution_time_ms: number;
  readonly applied_by: string;
}

/**
 * An example project, pushed to services that run in this process, with databases and roles of its own: their names end
 * in a mark, for every test file shares one server.
 */
export class ProjectWorld {
  private constructor(
    readonly services: ServicesWorld,
    /** As pushed; a test that changes the project pushes another map. */
    readonly files: ProjectFiles,
    private readonly databases: ReadonlyMap<string, Required<WrittenDatabase>>,
  ) {}

  static async start(example: string, extra: Readonly<Record<string, string>> = {}): Promise<ProjectWorld> {
    const services = await ServicesWorld.start(extra);
    const { files, databases } = await markedExample(example, `_${randomBytes(3).toString('hex')}`);
    const world = new ProjectWorld(services, files, databases);
    await world.create();
    return world;
  }

  get planner(): PlannerRig {
    return this.services.planner;
  }

  database(alias: string): string {
    return this.written(alias).database;
  }

  role(alias: string, role: 'owner' | 'application'): string {
    return this.written(alias).roles[role] ?? '';
  }

  /** `rehome project push`, without the command line. */
  async push(files: ProjectFiles = this.files): Promise<Answer> {
    const { name } = parse(files.get('project.yaml') ?? '') as { name: string };
    const response = await fetch(`${this.planner.url}/v1/projects/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.planner.keys.operator}`, 'content-type': 'application/gzip' },
      body: new Uint8Array(await packProject(files)),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: JSON.parse(text) as Answer['json'] };
  }

  run(body: object): Promise<EndedMigration> {
    return this.services.run(body);
  }

  rows<Row extends object>(alias: string, text: string): Promise<Row[]> {
    return this.services.rows<Row>(this.database(alias), text);
  }

  /** The bookkeeping of a database, by `app/version`; empty where there is none. */
  async tracked(alias: string): Promise<Record<string, string>> {
    const [found] = await this.rows<{ there: boolean }>(
      alias,
      `select to_regclass('rehome.schema_migrations') is not null as there`,
    );
    if (found?.there !== true) return {};
    const rows = await this.rows<TrackedMigration>(
      alias,
      'select app, version, status from rehome.schema_migrations order by app, version',
    );
    return Object.fromEntries(rows.map(({ app, version, status }) => [`${app}/${version}`, status]));
  }

  /** Names of the application's tables, none of ours. */
  async tables(alias: string): Promise<string[]> {
    const rows = await this.rows<{ name: string }>(
      alias,
      `select tablename as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema', 'rehome') order by 1`,
    );
    return rows.map(({ name }) => name);
  }

  /** The project with some files more, or others. */
  with(changes: Readonly<Record<string, string>>): ProjectFiles {
    return new Map([...this.files, ...Object.entries(changes)]);
  }

  async stop(): Promise<void> {
    await this.services.stop();
    for (const name of await this.leftDatabases())
      await this.services.rows('postgres', `drop database ${quoteIdentifier(name)} with (force)`);
    for (const role of this.roles())
      await this.services.rows('postgres', `drop role if exists ${quoteIdentifier(role)}`);
  }

  /** Databases of the project, and what was made beside them. */
  private async leftDatabases(): Promise<string[]> {
    const rows = await this.services.rows<{ name: string }>('postgres', 'select datname as name from pg_database');
    const ours = [...this.databases.values()].map(({ database }) => database);
    return rows.map(({ name }) => name).filter((name) => ours.some((one) => name.startsWith(one)));
  }

  private roles(): Set<string> {
    const all = [...this.databases.values()].flatMap(({ roles }) => [roles.owner, roles.application]);
    return new Set(all.filter((role) => role !== undefined));
  }

  private async create(): Promise<void> {
    for (const role of this.roles()) await this.services.rows('postgres', `create role ${quoteIdentifier(role)} login`);
    for (const { database, roles } of this.databases.values()) {
      const owner = quoteIdentifier(roles.owner ?? 'postgres');
      await this.services.rows('postgres', `create database ${quoteIdentifier(database)} owner ${owner}`);
    }
  }

  private written(alias: string): Required<WrittenDatabase> {
    const found = this.databases.get(alias);
    if (found === undefined) throw new Error(`the example has no database ${alias}`);
    return found;
  }
}

/** The example's files, with every database and role called otherwise. */
export async function markedExample(
  example: string,
  mark: string,
): Promise<{ files: ProjectFiles; databases: ReadonlyMap<string, Required<WrittenDatabase>> }> {
  const collected = await readProjectFolder(join(projectRoot(), 'examples', example));
  if (!collected.ok) throw new Error(`examples/${example} cannot be read: ${JSON.stringify(collected.problems)}`);
  const written = parse(collected.files.get('project.yaml') ?? '') as { databases: Record<string, WrittenDatabase> };
  for (const database of Object.values(written.databases)) {
    database.database += mark;
    const { owner, application } = database.roles ?? {};
    database.roles = {
      ...(owner === undefined ? {} : { owner: owner + mark }),
      ...(application === undefined ? {} : { application: application + mark }),
    };
  }
  const databases = new Map(
    Object.entries(written.databases).map(([alias, { database, roles = {} }]) => [alias, { database, roles }]),
  );
  return { files: new Map([...collected.files, ['project.yaml', stringify(written)]]), databases };
}
