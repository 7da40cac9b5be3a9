import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rename, stat, readdir, appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf, ResultOf } from '#shared/contracts/steps/step-types.js';
import { removeExpiredBackups } from '../../../apps/executor/src/backups/expired-backups.js';
import type { Step } from '../../../apps/executor/src/running/step.js';
import { STEPS } from '../../../apps/executor/src/steps/step-registry.js';
import { attempt, resultOf } from '../../harness/attempts.js';
import type { ConformanceCase, Results } from './conformance-case.js';
import { CASES } from './conformance-cases.js';
import { ConformanceWorld } from './conformance-world.js';

let started: ConformanceWorld | undefined;
const results: Results = {};

const world = (): ConformanceWorld => {
  if (started === undefined) throw new Error('the world does not exist');
  return started;
};

/** Each try of the tests is a generation of its own, as if a person had asked for it again. */
const generations = new Map<StepKind, number>();

function paramsOf<K extends StepKind>(kind: K): ParamsOf<K> {
  return (CASES as unknown as Readonly<Record<StepKind, ConformanceCase<K>>>)[kind].params(world(), results);
}

async function run<K extends StepKind>(kind: K, params: ParamsOf<K> = paramsOf(kind)): Promise<ResultOf<K>> {
  const { tools, migrationId } = world();
  const generation = (generations.get(kind) ?? 0) + 1;
  generations.set(kind, generation);
  const step = STEPS[kind] as Step<K>;
  const outcome = await attempt({ step, params, tools, migrationId, generation, attempt: 1 });
  return resultOf(outcome) as unknown as ResultOf<K>;
}

/** Runs it and keeps the result for the steps that follow. */
async function move<K extends StepKind>(...kinds: K[]): Promise<void> {
  for (const kind of kinds) Object.assign(results, { [kind]: await run(kind) });
}

async function undo<K extends StepKind>(kind: K): Promise<Record<string, unknown>> {
  const { tools, migrationId } = world();
  const step = STEPS[kind] as Step<K>;
  const options = { step, params: paramsOf(kind), tools, migrationId, direction: 'undo' as const, attempt: 1 };
  return { ...resultOf(await attempt({ ...options, generation: generations.get(kind) ?? 1 })) };
}

function failed(checks: readonly PreflightCheck[]): string[] {
  return checks.filter(({ passed, severity }) => !passed && severity === 'error').map(({ name }) => name);
}

const workingName = (): string => results['create-database']?.workingName ?? '';
const finalName = (): string => world().movedDatabase;

beforeAll(async () => {
  started = await ConformanceWorld.create();
}, 120_000);

afterAll(async () => {
  await started?.close();
}, 60_000);

describe('inspection', () => {
  it('reports a missing file, an unreachable service and a wrong owner together, before anything is stopped [c12 c25]', async () => {
    const { service, source, controller } = world();
    const path = service.configFiles[0]?.path ?? '';
    await rename(path, `${path}.away`);
    controller.failing = 500;
    const { checks } = await run('inspect-move', { source, owner: 'nobody', service });
    controller.failing = undefined;
    await rename(`${path}.away`, path);
    expect(failed(checks)).toEqual(expect.arrayContaining(['application-role', 'service-reachable', 'config-file']));
    expect(controller.calls.filter((call) => call !== 'GET /status')).toEqual([]);
  });

  it('says which server did not let it in, without the password', async () => {
    const { source, sample } = world();
    const server = { ...source.server, adminSecretRef: 'env:REHOME_SECRET_APP' };
    const { checks, database } = await run('inspect-move', { source: { ...source, server }, owner: sample.owner });
    expect(database).toBeUndefined();
    expect(failed(checks)).toEqual(['source-reachable']);
    expect(JSON.stringify(checks)).not.toContain('of the application');
  });

  it('finds a source and a target that can be moved', async () => {
    await move('inspect-move', 'provision-server', 'preflight-target');
    expect(failed(results['inspect-move']?.checks ?? [])).toEqual([]);
    expect(failed(results['preflight-target']?.checks ?? [])).toEqual([]);
  });

  it('refuses a target that holds a database of the name [c21]', async () => {
    await world().atTarget('postgres', `create database ${pg.escapeIdentifier(finalName())}`);
    const { checks } = await run('preflight-target');
    await world().atTarget('postgres', `drop database ${pg.escapeIdentifier(finalName())}`);
    expect(failed(checks)).toEqual(['target-empty']);
  });

  it('refuses to go on when the structure changed since', async () => {
    const { source, sample } = world();
    const client = new pg.Client(sample.address);
    await client.connect();
    await client.query('create table drifted (id int)');
    const refused = expect(run('capture-source')).rejects.toMatchObject({ code: 'DRIFT_DETECTED' });
    await refused;
    await client.query('drop table drifted');
    await client.end();
    expect(source.database).toBe(sample.address.database);
    await move('capture-source');
  });
});

describe('copying', () => {
  it('creates the role before anything is restored [c11]', async () => {
    await move('create-database');
    const roles = await world().atTarget(
      'postgres',
      `select rolcanlogin from pg_roles where rolname = ${pg.escapeLiteral(world().role)}`,
    );
    expect(roles).toEqual([{ rolcanlogin: true }]);
  });

  it('confirms the stop before the fence, and backs up under a label that is found by id [c6 c7]', async () => {
    await move('stop-service', 'fence-source', 'dump-database');
    expect(results['stop-service']?.confirmedState).toBe('stopped');
    const backup = await world().tools.backups.get(results['dump-database']?.backupId ?? '');
    expect(backup).toMatchObject({ label: 'pre_migration', database: world().source.database });
    const modes = await modesBelow(backup.path);
    expect(modes.directories).toEqual(new Set([0o700]));
    expect(modes.files).toEqual(new Set([0o600]));
  });

  it('does not restore a backup that was altered', async () => {
    const backup = await world().tools.backups.get(results['dump-database']?.backupId ?? '');
    await appendFile(join(backup.path, 'dump', 'toc.dat'), 'x');
    await expect(run('restore-database')).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    await run('dump-database').then((result) => Object.assign(results, { 'dump-database': result }));
  });

  it('begins anew over a restore that died half way', async () => {
    await world().atTarget(workingName(), 'create table half (id int); select lo_create(4711)');
    await move('restore-database');
    const [left] = await world().atTarget(
      workingName(),
      `select to_regclass('half')::text as half, (select count(*)::int from pg_largeobject_metadata where oid = 4711) as object`,
    );
    expect(left).toEqual({ half: null, object: 0 });
  });

  it('names what differs, and agrees once it is put right', async () => {
    await move('apply-privileges', 'copy-settings');
    await world().atTarget(workingName(), 'create table public.added_by_somebody (id int)');
    const refused = run('verify-copy');
    await expect(refused).rejects.toMatchObject({
      code: 'VERIFICATION_FAILED',
      facts: { mismatches: expect.arrayContaining([expect.objectContaining({ object: 'public.added_by_somebody' })]) },
    });
    await world().atTarget(workingName(), 'drop table public.added_by_somebody');
    await move('verify-copy');
    expect(results['verify-copy']).toMatchObject({ mismatches: 0 });
  });

  it('never adopts, renames or drops a database that it did not make', async () => {
    const name = pg.escapeIdentifier(finalName());
    await world().atTarget('postgres', `create database ${name}; `);
    await expect(run('publish-database')).rejects.toMatchObject({ code: 'TARGET_NOT_OURS' });
    expect(await undo('publish-database')).toMatchObject({ renamed: false });
    const [still] = await world().atTarget(
      'postgres',
      `select 1 as there from pg_database where datname = ${pg.escapeLiteral(finalName())}`,
    );
    expect(still).toEqual({ there: 1 });
    await world().atTarget('postgres', `drop database ${name}`);
    await move('publish-database');
  });
});

describe('switching', () => {
  it('sees an application that does not connect to the target [c25]', async () => {
    await move('edit-config', 'set-environment');
    world().controller.state = 'running';
    const { tools, migrationId } = world();
    // Nobody connects within the time that an application is given.
    const step = STEPS['verify-connections'];
    const params = { ...paramsOf('verify-connections'), connectWithinMs: 300 };
    const refused = attempt({ step, params, tools, migrationId, attempt: 1 });
    await expect(refused).rejects.toMatchObject({ code: 'CONNECTIONS_NOT_MOVED', facts: { old: 0, new: 0 } });
    world().controller.state = 'stopped';
  }, 60_000);

  it('counts the sessions of the moved application by state [c20 c21]', async () => {
    world().controller.onStart = () => world().connectApplication(finalName());
    world().controller.onStop = () => world().disconnectApplication();
    await move('start-service', 'verify-connections');
    expect(results['verify-connections']).toMatchObject({
      old: 0,
      new: 1,
      states: { idle: 1 },
      serviceState: 'running',
    });
  });

  it('takes a start back when nothing was written, and keeps the target closed', async () => {
    const moved = startOfAMove();
    const undone = await attempt({ ...moved, direction: 'undo', attempt: 1 });
    expect(resultOf(undone)).toMatchObject({ targetUnchanged: true, state: 'stopped' });
    await expect(world().connectApplication(finalName())).rejects.toMatchObject({ code: '53300' });
    // A second attempt at the undo finds its own fence and the same answer.
    expect(resultOf(await attempt({ ...moved, direction: 'undo', attempt: 2 }))).toMatchObject({
      targetUnchanged: true,
    });
  });

  it('leaves the application running on a target that it has written to', async () => {
    await world().atTarget('postgres', `alter database ${pg.escapeIdentifier(finalName())} connection limit -1`);
    await world().atTarget(finalName(), `select lo_create(0)`);
    const undone = await attempt({ ...startOfAMove('another-start'), direction: 'undo', attempt: 1 });
    expect(resultOf(undone)).toMatchObject({ targetUnchanged: false, state: 'running' });
    await world().connectApplication(finalName());
  });

  it('puts the source aside, fenced, and drops nothing', async () => {
    await move('retire-source');
    expect(results['retire-source']).toMatchObject({ evidence: { fence: 'fenced' } });
  });
});

describe('housekeeping', () => {
  it('removes the files of a backup when its time is over, and nothing else', async () => {
    const { tools, ledger } = world();
    const backupId = results['dump-database']?.backupId ?? '';
    const { path } = await tools.backups.get(backupId);
    await removeExpiredBackups(tools, tools.logger);
    expect((await stat(path)).isDirectory()).toBe(true);
    await ledger.query(`update executor.backup set expires_at = now() - interval '1 second' where backup_id = $1`, [
      backupId,
    ]);
    await ledger.query(
      `insert into executor.backup (backup_id, label, server, database, site, path, format, bytes, manifest_sha256, manifest, expires_at)
       values (gen_random_uuid(), 'x', 'x', 'x', 'default', '/etc', 'directory', 0, 'x', '{}', now() - interval '1 day')`,
    );
    await removeExpiredBackups(tools, tools.logger);
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await stat('/etc/passwd')).isFile()).toBe(true);
    await expect(tools.backups.get(backupId)).rejects.toMatchObject({ code: 'BACKUP_UNKNOWN' });
  });

  it('tells every step in words that hold no secret', () => {
    const kinds = Object.keys(CASES) as StepKind[];
    const lines = kinds.flatMap((kind) => (STEPS[kind] as Step<StepKind>).describe(paramsOf(kind)));
    expect(lines.length).toBeGreaterThan(kinds.length - 1);
    expect(JSON.stringify(lines)).not.toContain('of the application');
    expect(JSON.stringify(lines)).toContain('$PASSWORD');
  });
});

/** A start that belongs to a move, so that its undo looks at the target. */
function startOfAMove(stepId = 'start-of-a-move') {
  const { tools, migrationId, service, targetServer } = world();
  const verified = results['verify-copy'];
  if (verified === undefined) throw new Error('nothing was verified');
  const params = { service, target: { server: targetServer, database: finalName() }, verified };
  return { step: STEPS['start-service'], params, tools, migrationId, stepId };
}

async function modesBelow(root: string): Promise<{ directories: Set<number>; files: Set<number> }> {
  const modes = { directories: new Set<number>(), files: new Set<number>() };
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const path of [root, ...entries.map(({ parentPath, name }) => join(parentPath, name))]) {
    const found = await stat(path);
    (found.isDirectory() ? modes.directories : modes.files).add(found.mode & 0o777);
  }
  return modes;
}
