import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#shared/contracts/json.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { inspected, migration } from '../../apps/planner/src/planning/project-test-kit.js';
import { CliRig, type CliResult } from '../harness/cli-rig.js';
import { PlannerRig } from '../harness/planner-rig.js';

/** What people type and see; the executor is played. */
let rig: PlannerRig;
let cli: CliRig;

beforeAll(async () => {
  rig = await PlannerRig.start();
  cli = new CliRig({ url: rig.url, apiKey: rig.keys.operator });
  await rig.put('/v1/servers/main', {
    host: '127.0.0.1',
    port: 5432,
    adminUser: 'postgres',
    adminSecretRef: 'env:MAIN',
  });
  cpSync('examples/epsm', join(cli.directory, 'epsm'), { recursive: true });
}, 60_000);

afterAll(async () => {
  cli?.remove();
  await rig?.close();
});

/** A project of one database that nobody else uses. */
function projectFolder(name: string): string {
  const folder = join(cli.directory, name, 'migrations', 'main');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(cli.directory, name, 'project.yaml'),
    `name: ${name}\ndatabases:\n  main: { server: main, database: ${name}_db }\nrouter: { default: main }\n`,
  );
  writeFileSync(join(folder, '0001_orders.up.sql'), 'create table orders (id bigint primary key);\n');
  return `./${name}`;
}

const FIRST = migration('main/0001_orders');
const APPLIED = { status: 'applied', schemas: 1, executionTimeMs: 12, appliedAt: '2026-11-21T09:00:01.000Z' } as const;

function factsOf(name: string, pending: readonly ReturnType<typeof migration>[]): JsonObject {
  const database = inspected('main', pending);
  const address = { ...database.address, database: `${name}_db` };
  return asJsonObject({ checks: [], routed: ['main'], databases: [{ ...database, address }], commands: [] });
}

/** The newest migration about the project that is not over. */
async function openMigration(name: string): Promise<string> {
  let found: string | undefined;
  await rig.until(async () => {
    const answer = await rig.call('GET', `/v1/migrations?subject=project:${name}&status=inspecting`);
    [found] = (answer.json as unknown as { items: { migrationId: string }[] }).items.map((one) => one.migrationId);
    return found !== undefined;
  });
  return found ?? '';
}

async function playApply(name: string): Promise<void> {
  const id = await openMigration(name);
  await rig.succeed(id, 'inspect', factsOf(name, [FIRST]));
  await rig.succeed(id, 'back-up-database', { backupId: '7d9f0a52-1111-4222-8333-444455556667' });
  const { app, version, name: title } = FIRST;
  const migrations = [{ app, version, name: title, ...APPLIED }];
  await rig.succeed(id, 'apply-migrations', asJsonObject({ alias: 'main', migrations }));
  await rig.succeed(id, 'validate-database', { passed: 3, failed: 0, notApplicable: 0, checks: [] });
  await rig.succeed(id, 'check-health', { healthy: true, databases: [] });
}

async function playIdle(name: string): Promise<void> {
  await rig.succeed(await openMigration(name), 'inspect', factsOf(name, []));
}

async function applied(name: string): Promise<CliResult> {
  const [ended] = await Promise.all([cli.run(['apply', '--project', projectFolder(name), '--wait']), playApply(name)]);
  return ended;
}

describe('rehome apply', () => {
  it('pushes a folder, follows the work and tells what was applied and where its backup is', async () => {
    const { code, out, err } = await applied('shop');
    expect(err).toContain('pushed shop');
    expect(out).toMatch(/✓ apply of shop: completed\n {2}Done {3}main: 1 applied: main\/0001_orders; backup 7d9f0a52-/);
    expect(code).toBe(0);
  }, 60_000);

  it('ends with 0 when there is nothing to do [e8]', async () => {
    const typed = cli.run(['apply', '--project', projectFolder('idle'), '--if-needed']);
    const [{ code, out }] = await Promise.all([typed, playIdle('idle')]);
    expect([code, out]).toEqual([0, expect.stringContaining('nothing was pending')]);
  }, 60_000);

  it('prints the plan and changes nothing when it is a dry run [d7]', async () => {
    const typed = cli.run(['apply', '--project', projectFolder('dry'), '--dry-run']);
    const played = (async () => {
      let id = '';
      await rig.until(async () => {
        const answer = await rig.call('GET', '/v1/migrations?subject=project:dry&dryRun=true');
        id = (answer.json as unknown as { items: { migrationId: string }[] }).items[0]?.migrationId ?? '';
        return id !== '';
      });
      await rig.succeed(id, 'inspect', factsOf('dry', [FIRST]));
      await rig.succeed(id, 'describe-plan', { steps: [] });
    })();
    const [{ code, out }] = await Promise.all([typed, played]);
    expect(out).toMatch(/^Plan for apply of dry .*DRY RUN/);
    expect(out).toMatch(/^~ {2}apply {2,}to main \(dry_db on main\): run main\/0001_orders/m);
    expect(code).toBe(0);
  }, 60_000);

  it('is approved only with the name of the project: what it commits stands [ADR 26]', async () => {
    const typed = cli.run(['apply', '--project', projectFolder('gated'), '--approval', 'required', '--wait']);
    const id = await openMigration('gated');
    await rig.succeed(id, 'inspect', factsOf('gated', [FIRST]));
    expect((await typed).code).toBe(3);
    const { planHash } = await cli.json<{ planHash: string }>('show', id);
    const silent = await cli.run(['approve', id, '--hash', planHash]);
    expect([silent.code, silent.err]).toEqual([64, expect.stringContaining('--confirm gated')]);
    expect(await cli.run(['approve', id, '--hash', planHash, '--confirm', 'gated'])).toMatchObject({ code: 0 });
  }, 60_000);

  it('says per database what is faked, which apps and how far [d7 e4 e6]', async () => {
    const { request } = await cli
      .json<{ request?: unknown; migrationId: string }>(
        ...['apply', '--project', './epsm', '--to', 'latest'],
        ...['--database', 'default:fakeInitial', '--database', 'materials:apps=database:fakeInitial'],
        ...['--database', 'results:apps=simulation:fakeTo=0003:to=0004', '--no-backup'],
      )
      .then(async ({ migrationId }) => cli.json<{ request: unknown }>('show', migrationId));
    expect(request).toMatchObject({
      to: 'latest',
      databases: [
        { alias: 'default', fakeInitial: true },
        { alias: 'materials', apps: ['database'], fakeInitial: true },
        { alias: 'results', apps: ['simulation'], fakeTo: '0003', to: '0004' },
      ],
      backup: false,
    });
  }, 60_000);

  it('leaves databases out only with a reason [e17]', async () => {
    const silent = await cli.run(['apply', '--project', 'epsm', '--only', 'default']);
    expect([silent.code, silent.err]).toEqual([64, expect.stringContaining('--reason')]);
    const wrong = await cli.run(['apply', '--project', 'epsm', '--leave-out', 'results']);
    expect([wrong.code, wrong.err]).toEqual([64, expect.stringContaining('ALIAS=REASON')]);
    await cli.run(['apply', '--project', './epsm', '--only', 'default', '--reason', 'tonight', '--on-busy', 'queue']);
    let leaveOut: unknown;
    await rig.until(async () => {
      const { items } = (await rig.call('GET', '/v1/migrations?subject=project:epsm')).json as unknown as {
        items: { migrationId: string }[];
      };
      const shown = await rig.call('GET', `/v1/migrations/${items[0]?.migrationId ?? ''}`);
      leaveOut = (shown.json as unknown as { request: { leaveOut?: unknown } }).request.leaveOut;
      return leaveOut !== undefined;
    });
    expect(leaveOut).toEqual({ materials: 'tonight', results: 'tonight' });
  }, 60_000);

  it.each([
    ['a folder without project.yaml', ['--project', './nothing'], 'no project can be read'],
    ['a database told wrongly', ['--project', 'epsm', '--database', 'results:fakTo=1'], 'fakeTo=VERSION'],
  ])('ends with 64 for %s', async (_what, args, told) => {
    const { code, err } = await cli.run(['apply', ...args]);
    expect([code, err]).toEqual([64, expect.stringContaining(told)]);
  });
});

describe('rehome revert', () => {
  it('asks for one version, by its down script or in an emergency by another way [d7 d10]', async () => {
    await cli.run(['apply', '--project', projectFolder('back')]);
    const ways = [
      [[], undefined],
      [['--emergency-script', 'rollback/0001.sql'], { script: 'rollback/0001.sql' }],
    ] as const;
    for (const [flags, emergency] of ways) {
      const typed = ['revert', '--project', 'back', '--database', 'main', '--version', '0001', '--on-busy', 'queue'];
      const { migrationId } = await cli.json<{ migrationId: string }>(...typed, ...flags);
      const { request } = await cli.json<{ request: JsonObject }>('show', migrationId);
      expect(request).toMatchObject({ kind: 'revert', database: 'main', version: '0001' });
      expect(request['emergency']).toEqual(emergency);
    }
  }, 60_000);

  it('says when the catalogue holds no backup to go back to, and refuses two ways at once [d10]', async () => {
    await cli.run(['apply', '--project', projectFolder('gone')]);
    const typed = ['revert', '--project', 'gone', '--database', 'main', '--version', '0001'];
    const none = await cli.run([...typed, '--emergency-latest-tier', 'daily']);
    expect(none.err).toContain('BACKUP_UNKNOWN');
    const both = await cli.run([...typed, '--emergency-latest', '--emergency-script', 'x.sql']);
    expect(both.code).toBe(64);
  }, 60_000);
});

describe('rehome history and status', () => {
  it('tell what became of the migrations and how the databases stand [d7 d28 e11]', async () => {
    await applied('told');
    const { items } = await cli.json<{ items: unknown[] }>('history', '--project', 'told', '--limit', '5');
    expect(items).toEqual([expect.objectContaining({ version: '0001', status: 'applied', appliedBy: 'key:operator' })]);
    expect((await cli.run(['history', '--project', 'told'])).out).toMatch(/applied +main\/0001_orders +main +12 /);
    await applied('told');
    const newest = await cli.run(['history', '--project', 'told', '--limit', '1']);
    const [, more = ''] = /More: {2}rehome (history --project told --limit 1 --after \S+)/.exec(newest.out) ?? [];
    expect((await cli.run(more.split(' '))).out).toMatch(/applied +main\/0001_orders[\s\S]*Next/);
    const status = await cli.run(['status', '--project', 'told']);
    expect([status.code, status.out]).toEqual([
      0,
      expect.stringMatching(/DATABASE +STATE +CURRENT[\s\S]*main +unknown/),
    ]);
    expect((await cli.run(['status', '--project', 'never'])).code).not.toBe(0);
  }, 60_000);
});

describe('rehome backup cleanup', () => {
  it('removes nothing where nothing is left over, and counts as it is told [d21]', async () => {
    const typed = ['backup', 'cleanup', '--database', 'shop_db', '--keep', 'daily=7'];
    const { code, out } = await cli.run([...typed, '--watch']);
    expect([code, out]).toEqual([0, expect.stringContaining('completed')]);
    expect((await cli.run([...typed, '--dry-run'])).out).toContain('Nothing is to be done.');
    expect((await cli.run(['backup', 'cleanup', '--keep', 'daily'])).code).toBe(64);
  }, 60_000);
});
