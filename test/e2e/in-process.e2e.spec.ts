import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InProcessWorld, type LedgerLine } from '../harness/in-process-world.js';
import { Gate } from '../harness/move-world.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

let world: InProcessWorld | undefined;

function given(): InProcessWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

function upgradeOf({ instanceId }: SampleTenant): string[] {
  return ['upgrade', '--instance', instanceId, '--to-plan', 'premium'];
}

/** Asks, waits for nothing, and answers the migration's id. */
async function submitted(tenant: SampleTenant): Promise<string> {
  const { code, out, err } = await given().rehome(['submit', ...upgradeOf(tenant), '--json']);
  if (code !== 0) throw new Error(`submit ended with ${String(code)}: ${err}`);
  return (JSON.parse(out) as { migrationId: string }).migrationId;
}

function typesOf(events: readonly LedgerLine[]): string[] {
  return events.map(({ type }) => type);
}

/** Steps that were done more than once. */
function doneAgain(events: readonly LedgerLine[]): string[] {
  const done = events
    .filter(({ type, data }) => type === 'StepSucceeded' && data['alreadyDone'] === false)
    .map(({ data }) => `${String(data['stepId'])} ${String(data['direction'])}`);
  return done.filter((step, index) => done.indexOf(step) !== index);
}

async function movedAndHealthy(tenant: SampleTenant): Promise<boolean> {
  const health = await tenant.healthy();
  return health.connectedTo.port !== tenant.options.server.port;
}

beforeAll(async () => {
  world = await InProcessWorld.start();
}, 120_000);

afterAll(async () => {
  await world?.stop();
}, 60_000);

describe('a first run in process, with an administrator’s address of the ledger and nothing else', () => {
  let tenant: SampleTenant;
  let plan: Awaited<ReturnType<InProcessWorld['rehome']>>;
  let move: Awaited<ReturnType<InProcessWorld['rehome']>>;

  beforeAll(async () => {
    tenant = await given().tenant();
    plan = await given().rehome(['plan', ...upgradeOf(tenant)]);
    move = await given().rehome(['submit', ...upgradeOf(tenant), '--watch', '--json']);
  }, 180_000);

  it('makes the ledger and shows the plan of a move', () => {
    expect(plan).toMatchObject({ code: 0, err: 'planning: databases are looked at, nothing is changed …\n' });
    expect(plan.out).toContain('restore-database');
  });

  it('moves the tenant and ends with 0', async () => {
    expect(move.code).toBe(0);
    expect(JSON.parse(move.out)).toMatchObject({ status: 'completed' });
    expect(await movedAndHealthy(tenant)).toBe(true);
  });

  it('signs commands with a key of its own, which nobody else may read', async () => {
    const key = join(given().environment()['REHOME_WORK_ROOT'] ?? '', '.rehome-signing-key');
    expect(readFileSync(key, 'utf8')).toContain('PRIVATE KEY');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const [unsigned] = await given().query<{ count: string }>(
      `select count(*) from ledger.event where type = 'StepCommanded' and metadata -> 'signature' is null`,
    );
    expect(unsigned?.count).toBe('0');
  });

  it('publishes nothing: no relay has a cursor', async () => {
    expect(await given().query(`select name from ledger.cursor where name = 'relay'`)).toEqual([]);
  });

  it('keeps no API key behind', async () => {
    expect(await given().query('select name from planner.api_key')).toEqual([]);
  });
});

describe('a backup in process', () => {
  it('is made and proved by a restore, and lies in the work root', async () => {
    const { options } = await given().tenant();
    const path = join(given().directory, 'backup.json');
    const database = { server: options.server.name, database: options.database };
    writeFileSync(path, JSON.stringify({ kind: 'backup', database }));
    const { code, out } = await given().rehome(['submit', '--file', path, '--watch', '--json']);
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ status: 'completed' })]);
    const backups = await given().query<{ path: string; verified: boolean }>(
      'select path, verified_at is not null as verified from executor.backup where database = $1',
      [options.database],
    );
    expect(backups).toEqual([
      { path: expect.stringContaining(given().environment()['REHOME_WORK_ROOT'] ?? ''), verified: true },
    ]);
  }, 180_000);
});

describe('a request in process without waiting', () => {
  it('says that nothing works on it, and nothing does before the next run', async () => {
    const tenant = await given().tenant();
    const { code, err, out } = await given().rehome(['submit', ...upgradeOf(tenant)]);
    expect([code, err]).toEqual([0, expect.stringContaining('nothing works on it')]);
    const migrationId = out.slice(0, 36);
    expect(typesOf(await given().events(migrationId))).toEqual(['MigrationRequested']);
    const work = await given().rehome(['work']);
    expect(work).toMatchObject({ code: 0, out: expect.stringContaining(`${migrationId}  completed`) });
    expect(await movedAndHealthy(tenant)).toBe(true);
  }, 180_000);
});

describe('a run in process that dies', () => {
  it.each(['step.restore-database.finish.before', 'process-manager.appended'])(
    'at %s is taken up by the next one, and the move completes',
    async (point) => {
      const tenant = await given().tenant();
      const migrationId = await submitted(tenant);
      const killed = await given().rehome(['watch', migrationId], { REHOME_FAULT_POINTS: `${point}=kill` });
      expect(killed.code).toBe('SIGKILL');
      const again = await given().rehome(['watch', migrationId]);
      expect(again).toMatchObject({ code: 0, out: expect.stringContaining('completed') });
      expect(await movedAndHealthy(tenant)).toBe(true);
    },
    240_000,
  );
});

describe('two runs in process at once', () => {
  // Whose own migration is over ends, and gives back the step of the other that it was at.
  it('share the work: every step is done once, by one of them', async () => {
    const tenants = [await given().tenant(), await given().tenant()];
    const migrationIds = await Promise.all(tenants.map(submitted));
    const ends = await Promise.all(migrationIds.map((migrationId) => given().rehome(['watch', migrationId])));
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    for (const migrationId of migrationIds) expect(doneAgain(await given().events(migrationId))).toEqual([]);
  }, 240_000);
});

describe('Ctrl-C in process', () => {
  it('gives everything back, says what becomes of the migration, and ends with 130', async () => {
    const tenant = await given().tenant();
    const migrationId = await submitted(tenant);
    const gate = new Gate(join(given().directory, 'gate'));
    const child = given().launch(['watch', migrationId], {
      REHOME_FAULT_POINTS: gate.wait('step.restore-database.finish.before'),
    });
    const end = given().ended(child);
    await gate.reached();
    child.kill('SIGINT');
    gate.open();
    expect(await end).toMatchObject({ code: 130, err: expect.stringContaining('until somebody runs it again') });
    const [held] = await given().query<{ count: string }>(
      `select (select count(*) from ledger.cursor where lease_until > now())
            + (select count(*) from executor.step_run where state = 'running') as count`,
    );
    expect(held?.count).toBe('0');
    expect(await given().rehome(['watch', migrationId])).toMatchObject({ code: 0 });
  }, 240_000);
});

describe('a run in process that cannot start', () => {
  it.each([
    ['without an address of the ledger', { REHOME_LEDGER_ADMIN_URL: '' }, 64, 'REHOME_LEDGER_ADMIN_URL'],
    ['with another vault key than its site', { REHOME_VAULT_KEY: 'A'.repeat(43) }, 64, 'REHOME_LEDGER_PLANNER_URL'],
    ['without the key of its vault', { REHOME_VAULT_KEY: '' }, 64, 'vault key'],
    [
      'while the ledger is away',
      { REHOME_LEDGER_ADMIN_URL: 'postgres://postgres:x@127.0.0.1:1/rehome' },
      7,
      'POSTGRES',
    ],
  ])('%s says so', async (_what, extra, code, text) => {
    const child = given().launch(['list'], extra);
    const end = given().ended(child);
    await once(child, 'close');
    expect(await end).toMatchObject({ code, err: expect.stringContaining(text) });
  });
});
