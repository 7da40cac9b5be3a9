import { randomUUID } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MigrationView } from '#shared/contracts/answers.js';
import { CliRig, type CliResult } from '../harness/cli-rig.js';
import { PlannerRig } from '../harness/planner-rig.js';

/** Commands that need a planner and no executor: the executor is played. */
let rig: PlannerRig;
let cli: CliRig;
const tenant = randomUUID();

beforeAll(async () => {
  rig = await PlannerRig.start();
  cli = new CliRig({ url: rig.url, apiKey: rig.keys.operator });
}, 120_000);

afterAll(async () => {
  cli?.remove();
  await rig?.close();
});

/** A migration that waits for a person: nobody may guess whether its only step took effect. */
async function halted(): Promise<string> {
  const instanceId = randomUUID();
  // A database of its own: its service is held as long as the migration halts.
  await rig.put(`/v1/instances/${instanceId}`, { ...INSTANCE, database: `shop_${instanceId.slice(0, 8)}` });
  const { migrationId } = (await rig.upgrade(instanceId, { toPlan: 'small' })).json;
  const { kind, direction, generation } = await rig.commanded(migrationId, STEP);
  const attempt = { migrationId, stepId: STEP, direction, generation, attempt: 1, fence: 1, kind };
  const failure = { code: 'STEP_STATE_UNKNOWN', detail: 'nobody knows whether it took effect' } as const;
  await rig.asExecutor(migrationId, STEP, [{ type: 'StepNeedsDecision', data: { ...attempt, failure } }]);
  await rig.event(migrationId, 'MigrationHalted');
  return migrationId;
}

const STEP = 'resize-service';
const INSTANCE = { plan: 'basic', server: 'pool-1', database: 'shop_acme', owner: 'acme', service: 'shop-{database}' };

async function run(...args: readonly string[]): Promise<CliResult> {
  return cli.run(args);
}

describe('rehome with an empty planner', () => {
  it('says of an empty list that it is empty, and what to type', async () => {
    expect(await run('list')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/No migration was asked for yet\.\n\nNext: {2}rehome submit/),
    });
    expect(await cli.json('list')).toEqual({ items: [], next: null });
  });
});

describe('rehome server, service, entitlements, instance, source and policy', () => {
  const entries = [
    ['server', 'pool-1', 'host: 127.0.0.1\nport: 5432\nadminUser: postgres\nadminSecretRef: env:POOL_1\n', 'host'],
    [
      'service',
      'shop-{database}',
      'control: {driver: http, url: "http://127.0.0.1:9/x"}\nconfigFiles: []\n',
      'control',
    ],
    ['entitlements', 'basic', '{"dbType": "shared", "memory": "1Gi"}', 'memory'],
    ['entitlements', 'premium', '{"dbType": "dedicated", "cpu": 2}', 'cpu'],
    ['instance', tenant, JSON.stringify(INSTANCE), 'database'],
    ['source', '/billing', '{"kinds": ["upgrade"]}', 'kinds'],
    ['policy', 'nobody-yet', '{"match": {}, "approval": "none"}', 'approval'],
  ] as const;

  it.each(entries)(
    'put, show and list %s %s',
    async (noun, name, text, field) => {
      const file = cli.file(`${noun}.yaml`, text);
      expect(await run(noun, 'put', name, '--file', file)).toMatchObject({
        code: 0,
        out: expect.stringContaining(name),
      });
      const shown = await run(noun, 'show', name);
      expect(shown).toMatchObject({ code: 0, out: expect.stringContaining(`${field}:`) });
      const listed = await run(noun, 'list');
      expect(listed.out.split('\n')[0]).toContain(field.toUpperCase());
      expect(listed.out).toContain(name);
      expect(await cli.json(noun, 'list')).toMatchObject({ items: expect.arrayContaining([expect.any(Object)]) });
    },
    60_000,
  );

  it('reads an entry from standard input, too', async () => {
    const put = await cli.run(['entitlements', 'put', 'small', '--file', '-', '--json'], {
      input: 'dbType: shared\nmemory: 2Gi',
    });
    expect(JSON.parse(put.out)).toMatchObject({ plan: 'small', dbType: 'shared' });
  });

  it('names every field that is wrong', async () => {
    const put = await cli.run(['server', 'put', 'odd', '--file', '-'], { input: '{"host": "a b", "prot": 1}' });
    expect(put).toMatchObject({ code: 64, out: '' });
    expect(put.err).toContain('/host');
    expect(put.err).toContain('/prot  is not a known field');
  });
});

describe('rehome submit', () => {
  const id = randomUUID();

  it.each([
    [['relocate', '--source', 'pool-1/shop_acme', '--target', 'gone/shop'], 'SERVER_UNKNOWN'],
    [['return', '--migration', id, '--data', 'current'], id],
    [['retire', '--migration', id, '--backup', id], id],
    [['restore', '--backup', id, '--target', 'gone/shop'], 'SERVER_UNKNOWN'],
    [['backup', '--database', 'gone/shop', '--tier', 'daily', '--schema', 'a', '--schema', 'b'], 'SERVER_UNKNOWN'],
  ])('makes a request of its kind from flags: %j', async (args, words) => {
    const { code, err } = await cli.run(['submit', ...args, '--labels', 'team=erp', '--max-downtime', '60']);
    expect(err).toContain(words);
    expect(err).not.toContain('REQUEST_INVALID');
    expect(code).not.toBe(0);
    expect(await run('plan', ...args)).toMatchObject({ code, err: expect.stringContaining(words) });
  });
});

describe('rehome backup', () => {
  it('lists an empty catalogue, and knows which backup there is not', async () => {
    expect(await run('backup', 'list')).toMatchObject({ code: 0, out: expect.stringMatching(/^No backup fits\./) });
    const id = randomUUID();
    expect(await run('backup', 'show', id)).toMatchObject({ code: 1, err: expect.stringContaining(id) });
    expect(await run('backup', 'verify', id)).toMatchObject({ code: 1, err: expect.stringContaining(id) });
    expect(await run('backup', 'promote', id, '--tier', 'weekly')).toMatchObject({ code: 1, out: '' });
  }, 60_000);
});

describe('rehome retry and resolve', () => {
  it('try a step again at which a migration halted', async () => {
    const id = await halted();
    const watched = await run('watch', id);
    expect(watched).toMatchObject({ code: 1 });
    expect(watched.out).toMatch(/halted at 1\/1 resize-service {3}\[STEP_STATE_UNKNOWN\]/);
    expect(watched.out).toMatch(/Data .*\n.*Why {4}nobody knows whether it took effect\n.*Fix .*rehome report/s);
    expect(await run('retry', id)).toMatchObject({ code: 0, out: expect.stringContaining(`rehome watch ${id}`) });
    await rig.until(async () => (await rig.commanded(id, STEP)).generation === 2);
    expect(await run('retry', id)).toMatchObject({ code: 6, err: expect.stringContaining('[STATE_CONFLICT]') });
  }, 60_000);

  it('say what became of it', async () => {
    const id = await halted();
    const said = ['--step', STEP, '--outcome', 'failed', '--note', 'looked at the log'];
    expect(await run('resolve', id, ...said)).toMatchObject({ code: 0 });
    const resolved = await rig.event(id, 'StepResolved');
    expect(resolved.data).toMatchObject({ outcome: 'failed', note: 'looked at the log', resolvedBy: 'key:operator' });
    expect(await run('resolve', id, '--outcome', 'perhaps')).toMatchObject({ code: 64 });
  }, 60_000);
});

describe('rehome rollback', () => {
  it('takes a halted migration back', async () => {
    const id = await halted();
    expect(await run('rollback', id, '--reason', 'not today')).toMatchObject({ code: 0 });
    expect((await rig.event(id, 'RollbackRequested')).data).toMatchObject({ reason: 'not today' });
  });
});

describe('rehome audit', () => {
  it('exports the ledger and verifies it, with a server and without', async () => {
    const { code, out } = await run('audit', 'events');
    expect(code).toBe(0);
    const [first] = out.split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({ position: '1', dataText: expect.any(String) });
    const file = cli.file('ledger.ndjson', out);
    const offline = await cli.run(['audit', 'verify', file], { env: { REHOME_URL: 'http://127.0.0.1:9' } });
    expect(offline).toMatchObject({ code: 0, out: expect.stringContaining('from the first event of the ledger') });
    const online = await cli.json<{ verified: boolean; headHash: string }>('audit', 'verify');
    expect(online.verified).toBe(true);
    expect(await run('audit', 'verify')).toMatchObject({ code: 0, out: expect.stringContaining(online.headHash) });
  }, 60_000);

  it('finds a changed, a missing and a cut off event in an export', async () => {
    const lines = (await run('audit', 'events', '--to', '6')).out.trim().split('\n');
    const verify = async (changed: readonly string[], ...more: readonly string[]) => {
      const result = await cli.run(['audit', 'verify', '-', '--json', ...more], { input: changed.join('\n') });
      return { code: result.code, ...(JSON.parse(result.out) as object) };
    };
    const third = lines[2] ?? '';
    const forged = JSON.stringify({ ...(JSON.parse(third) as object), data: { forged: true } });
    const head = (JSON.parse(lines[5] ?? '') as { hash: string }).hash;
    expect(await verify(lines, '--head', head)).toMatchObject({ code: 0, verified: true, events: 6, lastHash: head });
    expect(await verify(lines.with(2, forged))).toMatchObject({ code: 5, brokenAt: '3', because: 'text' });
    expect(await verify(lines.toSpliced(2, 1))).toMatchObject({ code: 5, brokenAt: '3', because: 'gap' });
    expect(await verify(lines.slice(0, 5), '--head', head)).toMatchObject({ code: 5, because: 'head' });
    expect(await verify(lines.with(2, 'x'))).toMatchObject({ code: 5, because: 'unreadable' });
  }, 60_000);

  it('chooses events by stream, type and place', async () => {
    const { out } = await run('audit', 'events', '--type', 'MigrationHalted', '--stream', 'migration-*', '--from', '2');
    const types = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect(new Set(types)).toEqual(new Set(['MigrationHalted']));
  });
});

describe('the configuration of rehome', () => {
  it('is taken from flag, environment, ./rehome.yaml, the user’s file and the default, in this order', async () => {
    const home = cli.file('unused', '');
    cli.file('rehome.yaml', 'url: http://127.0.0.1:1/\nprogress: plain\n');
    const origins = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
      const { out } = await cli.run(['config', 'show', '--json', ...args], { env });
      const { settings } = JSON.parse(out) as { settings: { name: string; value: string | null; origin: string }[] };
      return Object.fromEntries(settings.map(({ name, value, origin }) => [name, `${value ?? ''} ${origin}`]));
    };
    const given = await origins(['--url', 'http://flag:1'], { REHOME_TIMEOUT: '5' });
    expect(given['url']).toBe('http://flag:1 flag');
    expect(given['timeout']).toBe('5 REHOME_TIMEOUT');
    expect(given['progress']).toMatch(/^plain .*rehome\.yaml$/);
    expect(given['apiKey']).toBe('(given) REHOME_API_KEY');
    expect((await origins([], { REHOME_URL: '' }))['url']).toMatch(/^http:\/\/127\.0\.0\.1:1\/ .*rehome\.yaml$/);
    expect(home).toContain(cli.directory);
    cli.file('rehome.yaml', 'progress: loud\n');
    expect(await run('config', 'show')).toMatchObject({ code: 64, err: expect.stringContaining('give one of auto') });
    cli.file('rehome.yaml', 'apikey: x\n');
    expect(await run('config', 'show')).toMatchObject({ code: 64, err: expect.stringContaining('is no setting') });
    cli.file('rehome.yaml', '');
  }, 60_000);

  it('takes the API key from a file, and never shows it', async () => {
    const path = cli.file('key', `${rig.keys.viewer}\n`);
    const env = { REHOME_API_KEY: '' };
    expect(await cli.run(['list', '--key-file', path], { env })).toMatchObject({ code: 0 });
    const { out } = await run('config', 'show');
    expect(out).not.toContain(rig.keys.operator);
    expect(out.split('\n')).toContainEqual(expect.stringMatching(/^apiKey\s+\(given\)\s+REHOME_API_KEY$/));
  });
});

describe('the exit codes of rehome', () => {
  it.each([
    [1, ['show', randomUUID()], {}, 'NOT_FOUND'],
    [4, ['list'], { REHOME_API_KEY: 'nonsense' }, 'UNAUTHENTICATED'],
    [64, ['list', '--colour'], {}, 'unknown option'],
    [64, ['sumbit'], {}, 'Did you mean submit?'],
    [64, ['submit'], {}, '--file'],
    [64, ['submit', 'upgrade', '--instance', 'nobody', '--to-plan', 'premium'], {}, 'INSTANCE_UNKNOWN'],
    [7, ['list'], { REHOME_URL: 'http://127.0.0.1:9' }, 'does not answer'],
  ] as const)('%d: rehome %j', async (code, args, env, words) => {
    const result = await cli.run(args, { env });
    expect(result.err).toContain(words);
    expect(result).toMatchObject({ code, out: '' });
  });

  it('4 for a key without the right, with an error that programs can read', async () => {
    const result = await cli.run(['server', 'put', 'x', '--file', '-', '--json'], {
      env: { REHOME_API_KEY: rig.keys.viewer },
      input: '{}',
    });
    expect(result.code).toBe(4);
    expect(JSON.parse(result.err)).toMatchObject({ error: { code: 'FORBIDDEN', status: 403 } });
  });

  it('124 when --timeout ends the wait, 130 at Ctrl-C; the migration goes on', async () => {
    const instanceId = randomUUID();
    await rig.put(`/v1/instances/${instanceId}`, INSTANCE);
    const id = (await rig.upgrade(instanceId)).json.migrationId;
    expect(await run('watch', id, '--timeout', '1')).toMatchObject({
      code: 124,
      err: expect.stringContaining('goes on'),
    });
    const stopped = await cli.run(['watch', id, '--json'], { interruptAt: 'MigrationRequested' });
    expect(stopped).toMatchObject({ code: 130, err: expect.stringContaining(`rehome watch ${id}`) });
    expect((await cli.json<MigrationView>('show', id)).status).toBe('inspecting');
  }, 60_000);
});

describe('rehome completion', () => {
  it.each(['zsh', 'fish'])('knows every command in %s', async (shell) => {
    const { code, out } = await run('completion', shell);
    expect(code).toBe(0);
    expect(out).toContain('approve');
    expect(out).toContain('upgrade');
  });
});

describe('rehome', () => {
  it('runs from the root of a clone by npx, and speaks within a third of a second', () => {
    const npx = execFileSync('npx', ['rehome', '--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    expect(npx.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    // Its own time alone: how long it is kept waiting is a matter of what else the machine does.
    const timed = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null';
    const told = spawnSync('bash', ['-c', timed, 'bash', process.execPath, 'scripts/rehome.mjs', '--help'], {
      encoding: 'utf8',
    }).stderr;
    const [user, system] = told.trim().split(' ').map(Number);
    // Three times of what it takes on a machine that does nothing else.
    expect((user ?? NaN) + (system ?? NaN)).toBeLessThan(1);
  }, 60_000);
});
