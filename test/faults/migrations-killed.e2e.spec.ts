import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadProject } from '#shared/projects/load-project.js';
import { packProject } from '#shared/projects/bundle/archive.js';
import { dumpedStructure } from '../harness/dumped-structure.js';
import { MoveWorld } from '../harness/move-world.js';
import { markedExample } from '../harness/project-world.js';
import { toolMajor } from '../../scripts/stack/tool-major.js';

const CASE_MS = 300_000;
const SERVER = 'main';
const STEP = 'step.apply-migrations';
/** Where an attempt dies in a version that is one transaction, and in one whose statements stand for themselves. */
const IN_TRANSACTION = ['before-commit', 'after-commit'];
const BY_STATEMENT = ['claimed', 'journaled', 'executed', 'marked', 'after-commit'];

describe('migrations whose executor is killed with -9', () => {
  let world: MoveWorld;
  let project: Awaited<ReturnType<typeof markedExample>>;

  beforeAll(async () => {
    world = await MoveWorld.start({ servers: [{ name: SERVER, major: toolMajor() }] });
    project = await markedExample('fossawork', '');
    const admin = world.stack.server(SERVER).adminUrl;
    for (const role of ['fossawork_admin', 'fossawork_app'])
      await world.query(admin, 'postgres', `create role ${role}`);
  }, CASE_MS);
  afterAll(() => world?.stop(), CASE_MS);

  test(
    'in every version, in a transaction and outside of one, end in the structure of an undisturbed run, each applied once [d1 d2]',
    async () => {
      const undisturbed = await applied('undisturbed', []);
      const points = await deaths();
      const disturbed = await applied('disturbed', points);
      expect(points.length).toBeGreaterThan(12);
      expect(disturbed).toBe(undisturbed);
    },
    CASE_MS,
  );

  /** Every place at which it shall die once, in the order in which they are reached. */
  async function deaths(): Promise<string[]> {
    const loaded = await loadProject(project.files);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return loaded.project.migrations.flatMap(({ version, transactional }) =>
      (transactional ? IN_TRANSACTION : BY_STATEMENT).map((point) => `${STEP}.${point}:${version}`),
    );
  }

  /** Applies all versions to a new database, dying at each point in turn, and answers the structure. */
  async function applied(database: string, points: readonly string[]): Promise<string> {
    const { adminUrl } = world.stack.server(SERVER);
    await world.query(adminUrl, 'postgres', `create database ${database} owner fossawork_admin`);
    await push(database);
    await world.stack.executor.stop();
    const [first, ...rest] = points;
    await world.stack.executor.restart(first === undefined ? {} : { REHOME_FAULT_POINTS: `${first}=kill` });
    const migrationId = await world.ask({ kind: 'apply', project: 'fossawork', backup: false });
    for (const next of first === undefined ? [] : [...rest, undefined]) {
      expect(await world.stack.executor.ended()).toBe('SIGKILL');
      world.stack.executor.launch(next === undefined ? {} : { REHOME_FAULT_POINTS: `${next}=kill` });
    }
    expect(await world.ended(migrationId)).toMatchObject({ status: 'completed' });
    await expectAppliedOnce(database);
    return dumpedStructure(adminUrl, database);
  }

  async function expectAppliedOnce(database: string): Promise<void> {
    const { adminUrl } = world.stack.server(SERVER);
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
    // v004 and v005 insert rows: a second run of theirs would show, or fail.
    expect(await world.query(adminUrl, database, 'select 1 from rate_limit_rules')).toHaveLength(2);
    expect(await world.query(adminUrl, database, 'select 1 from retention_policies')).toHaveLength(2);
  }

  async function push(database: string): Promise<void> {
    const yaml = (project.files.get('project.yaml') ?? '').replace('fossawork_v2', database);
    const archive = await packProject(new Map([...project.files, ['project.yaml', yaml]]));
    const response = await fetch(`${world.stack.plannerUrl}/v1/projects/fossawork`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${world.stack.apiKeys.operator}`, 'content-type': 'application/gzip' },
      body: new Uint8Array(archive),
    });
    if (!response.ok) throw new Error(await response.text());
  }
});
