import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { loadProject } from '#shared/projects/load-project.js';
import { packProject } from '#shared/projects/bundle/archive.js';
import type { ProjectFiles } from '#shared/projects/bundle/project-files.js';
import { dumpedStructure } from '../harness/dumped-structure.js';
import { addressOf } from '../harness/moved-database.js';
import { until } from '../harness/move-outcome.js';
import { MoveWorld } from '../harness/move-world.js';
import { markedExample } from '../harness/project-world.js';
import { toolMajor } from '../../scripts/stack/tool-major.js';

const CASE_MS = 300_000;
const SERVER = 'main';
const STEP = 'step.apply-migrations';
/** Where an attempt dies in a version that is one transaction, and in one whose statements stand for themselves. */
const IN_TRANSACTION = ['before-commit', 'after-commit'];
const BY_STATEMENT = ['claimed', 'journaled', 'executed', 'marked', 'after-commit'];
/** Of EPSM, over its three databases, in the order in which they are reached. */
const OVER_A_ROUTER = ['tracked', 'before-commit:0001', 'after-commit:0003', 'before-commit:0004', 'after-commit:0005'];

describe('migrations whose executor is killed with -9', () => {
  let world: MoveWorld;
  let adminUrl: string;

  beforeAll(async () => {
    world = await MoveWorld.start({ servers: [{ name: SERVER, major: toolMajor() }] });
    adminUrl = world.stack.server(SERVER).adminUrl;
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  test(
    'in every version, in a transaction and outside of one, end in the structure of an undisturbed run, each applied once [d1 d2]',
    async () => {
      const undisturbed = await applied(await prepared('fossawork', '_undisturbed'), []);
      const disturbed = await prepared('fossawork', '_disturbed');
      const points = await deaths(disturbed.files);
      expect(points.length).toBeGreaterThan(12);
      expect(await applied(disturbed, points)).toBe(undisturbed);
      await expectAppliedOnce(disturbed);
    },
    CASE_MS,
  );

  test(
    'amid the build of an index that another session holds up, build it once [d25]',
    async () => {
      const undisturbed = await applied(await prepared('fossawork', '_free'), []);
      const held = await prepared('fossawork', '_held');
      const migrationId = await begun(held, `${STEP}.claimed:v003`);
      const holder = new pg.Client(addressOf(adminUrl, held.databases[0] ?? ''));
      // A failure ends the world before it.
      holder.on('error', () => undefined);
      await holder.connect();
      await holder.query('begin; lock table work_orders in row exclusive mode');
      world.stack.executor.launch();
      const first = await waiting(held, 0);
      await world.stack.executor.kill9();
      world.stack.executor.launch();
      await waiting(held, first);
      await holder.query('rollback');
      await holder.end();
      expect(await ended(held, migrationId)).toBe(undisturbed);
      await expectAppliedOnce(held);
    },
    CASE_MS,
  );

  test(
    'in a run over three databases, end in the structure of an undisturbed run [e1 e2]',
    async () => {
      const undisturbed = await applied(await prepared('epsm', '_undisturbed'), []);
      const disturbed = await prepared('epsm', '_disturbed');
      const points = OVER_A_ROUTER.map((point) => `${STEP}.${point}`);
      expect(await applied(disturbed, points)).toBe(undisturbed);
    },
    CASE_MS,
  );

  interface Prepared {
    readonly example: string;
    readonly mark: string;
    readonly files: ProjectFiles;
    readonly databases: readonly string[];
  }

  /** New databases for an example, with roles of their own. */
  async function prepared(example: string, mark: string): Promise<Prepared> {
    const { files, databases } = await markedExample(example, mark);
    const all = [...databases.values()];
    const roles = all.flatMap(({ roles: { owner, application } }) =>
      [owner, application].filter((one) => one !== undefined),
    );
    for (const role of new Set(roles)) await world.query(adminUrl, 'postgres', `create role ${role}`);
    for (const {
      database,
      roles: { owner },
    } of all) {
      await world.query(adminUrl, 'postgres', `create database ${database} owner ${owner ?? 'postgres'}`);
    }
    return { example, mark, files, databases: all.map(({ database }) => database) };
  }

  /** Every place at which it shall die once, in the order in which they are reached. */
  async function deaths(files: ProjectFiles): Promise<string[]> {
    const loaded = await loadProject(files);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return loaded.project.migrations.flatMap(({ version, transactional }) =>
      (transactional ? IN_TRANSACTION : BY_STATEMENT).map((point) => `${STEP}.${point}:${version}`),
    );
  }

  /** Applies all versions, dying at each point in turn, and answers the structure. */
  async function applied(run: Prepared, points: readonly string[]): Promise<string> {
    const [first, ...rest] = points;
    const migrationId = await begun(run, first);
    for (const next of first === undefined ? [] : [...rest, undefined]) {
      world.stack.executor.launch(next === undefined ? {} : { REHOME_FAULT_POINTS: `${next}=kill` });
      if (next !== undefined) expect(await world.stack.executor.ended()).toBe('SIGKILL');
    }
    return ended(run, migrationId);
  }

  /** Asks for all versions; where there is a point, the executor has died at it. */
  async function begun({ example, files }: Prepared, point: string | undefined): Promise<string> {
    await push(example, files);
    await world.stack.executor.stop();
    await world.stack.executor.restart(point === undefined ? {} : { REHOME_FAULT_POINTS: `${point}=kill` });
    const migrationId = await world.ask({ kind: 'apply', project: example, backup: false });
    if (point !== undefined) expect(await world.stack.executor.ended()).toBe('SIGKILL');
    return migrationId;
  }

  async function ended({ databases, mark }: Prepared, migrationId: string): Promise<string> {
    expect(await world.ended(migrationId)).toMatchObject({ status: 'completed' });
    return databases.map((database) => dumpedStructure(adminUrl, database).replaceAll(mark, '')).join('\n');
  }

  /** Another backend than `known` that waits in the build of an index, or in the drop of what a build has left. */
  async function waiting({ databases }: Prepared, known: number): Promise<number> {
    return until('an index build that is held up', async () => {
      const rows = await world.query<{ pid: number }>(
        adminUrl,
        databases[0] ?? '',
        `select pid from pg_stat_activity
          where datname = current_database() and application_name like 'rehome:%' and pid <> ${String(known)}
            and query like '%index concurrently%' and wait_event_type = 'Lock'`,
      );
      return rows[0]?.pid;
    });
  }

  async function expectAppliedOnce({ databases: [database = ''] }: Prepared): Promise<void> {
    const tracked = await world.query<{ version: string; status: string }>(
      adminUrl,
      database,
      'select version, status from rehome.schema_migrations order by version',
    );
    expect(tracked.map(({ version, status }) => `${version} ${status}`)).toEqual(
      ['v001', 'v002', 'v003', 'v004', 'v005', 'v006'].map((version) => `${version} applied`),
    );
    const applications = await world.query(
      adminUrl,
      database,
      `select 1 from rehome.audit_trail where table_name = 'schema_migrations' and action like 'applied %'`,
    );
    expect(applications).toHaveLength(6);
    expect(await world.query(adminUrl, database, 'select 1 from pg_index where not indisvalid')).toEqual([]);
    // v004 and v005 insert rows: a second run of theirs would show, or fail.
    expect(await world.query(adminUrl, database, 'select 1 from rate_limit_rules')).toHaveLength(2);
    expect(await world.query(adminUrl, database, 'select 1 from retention_policies')).toHaveLength(2);
  }

  async function push(example: string, files: ProjectFiles): Promise<void> {
    const response = await fetch(`${world.stack.plannerUrl}/v1/projects/${example}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${world.stack.apiKeys.operator}`, 'content-type': 'application/gzip' },
      body: new Uint8Array(await packProject(files)),
    });
    if (!response.ok) throw new Error(await response.text());
  }
});
