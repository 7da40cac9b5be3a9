import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packProject } from '#shared/projects/bundle/archive.js';
import { readProjectFolder } from '#shared/projects/bundle/read-folder.js';
import { registryStream } from '#shared/contracts/streams.js';
import { PlannerRig, type Answer, type Call } from '../../../../test/harness/planner-rig.js';

const SERVER = { host: '127.0.0.1', port: 5432, adminUser: 'postgres', adminSecretRef: 'env:MAIN' };
const SHOP = `name: shop
databases:
  main: { server: main, database: shop_db }
router: { default: main }
`;
const ORDERS = { 'migrations/main/0001_orders.up.sql': 'create table orders (id bigint primary key);\n' };

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start();
  await rig.put('/v1/servers/main', SERVER);
});
afterAll(() => rig?.close());

async function push(name: string, files: ReadonlyMap<string, string>, call: Call = {}): Promise<Answer> {
  const headers = { 'content-type': 'application/gzip', ...call.headers };
  return rig.call('PUT', `/v1/projects/${name}`, { body: await packProject(files), ...call, headers });
}

const shop = (files: Readonly<Record<string, string>>, yaml = SHOP) =>
  new Map(Object.entries({ 'project.yaml': yaml, ...files }));

async function pushExample(name: string): Promise<Answer> {
  const folder = await readProjectFolder(`examples/${name}`);
  if (!folder.ok) throw new Error('the example cannot be read');
  const answer = await push(name, folder.files);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer;
}

const ask = (body: object): Promise<Answer> => rig.call('POST', '/v1/migrations', { role: 'requester', body });

describe('a pushed project', () => {
  it('is kept by digest, with the home of every migration [e9 e14]', async () => {
    const answer = await pushExample('epsm');
    expect(answer.json).toMatchObject({ name: 'epsm', digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const { migrations, definition } = answer.json as unknown as {
      readonly migrations: readonly { readonly id: string; readonly home: string }[];
      readonly definition: { readonly databases: readonly { readonly alias: string }[] };
    };
    expect(definition.databases.map(({ alias }) => alias)).toEqual(['default', 'materials', 'results']);
    expect(migrations.filter(({ home }) => home === 'results').map(({ id }) => id)).toEqual([
      'simulation/0004',
      'simulation/0005',
    ]);
    expect((await rig.call('GET', '/v1/projects/epsm', { role: 'viewer' })).json).toEqual(answer.json);
  });

  it('changes nothing when the same files come again', async () => {
    const [first, second] = [await push('shop', shop(ORDERS)), await push('shop', shop(ORDERS))];
    expect([first.status, second.json]).toEqual([200, first.json]);
    const events = await rig.ledger.planner.reader.readStream(registryStream('project', 'shop'));
    expect(events.map(({ data }) => data)).toEqual([
      { name: 'shop', digest: first.json['digest'], databases: ['main'], migrations: 1 },
    ]);
  });

  it('is registered once by many that push it at the same time', async () => {
    const files = shop(ORDERS, SHOP.replace('name: shop', 'name: replicas'));
    const answers = await Promise.all(Array.from({ length: 8 }, () => push('replicas', files)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    const events = await rig.ledger.planner.reader.readStream(registryStream('project', 'replicas'));
    expect(events).toHaveLength(1);
  });

  it('stands in the list by name', async () => {
    await push('shop', shop(ORDERS));
    const { items } = (await rig.call('GET', '/v1/projects')).json as unknown as { items: { name: string }[] };
    expect(items.map(({ name }) => name)).toContain('shop');
    expect((await rig.call('GET', '/v1/projects/nowhere')).json.code).toBe('NOT_FOUND');
  });

  it('tells what the linter has against it, and is refused where that is an error', async () => {
    const files = { ...ORDERS, 'migrations/main/0002_index.up.sql': 'create index orders_id on orders (id);\n' };
    const warned = await push('shop', shop(files));
    const finding = { path: 'migrations/main/0002_index.up.sql', line: 1 };
    expect(warned.json['findings']).toContainEqual(expect.objectContaining(finding));
    const refused = await push('shop', shop(files, `${SHOP}lint: error\n`));
    expect(refused.status).toBe(422);
    expect(refused.json.errors?.map(({ pointer }) => pointer)).toContain('migrations/main/0002_index.up.sql:1');
  });

  it.each([
    ['another name', 'other', SHOP, 'names the project shop, not other', 'project.yaml'],
    ['no such database', 'shop', SHOP.replace('default: main', 'default: gone'), 'gone', /^project\.yaml:4$/],
  ])('is refused with file and line: %s', async (_what, name, yaml, message, pointer) => {
    const answer = await push(name, shop(ORDERS, yaml));
    expect(answer.json).toMatchObject({ status: 422, code: 'PROJECT_INVALID' });
    const [first] = answer.json.errors ?? [];
    expect(first?.pointer).toMatch(pointer);
    expect(first?.message).toContain(message);
  });

  it('is refused with the line of a statement that is no SQL', async () => {
    const answer = await push('shop', shop({ 'migrations/main/0001_orders.up.sql': '\n\ncreate tabel orders ();\n' }));
    expect(answer.json.errors).toEqual([
      { pointer: 'migrations/main/0001_orders.up.sql:3', message: expect.stringContaining('tabel') },
    ]);
  });

  it.each(['application/x-gzip', 'application/x-www-form-urlencoded', 'application/json', 'text/plain'])(
    'is taken by its first bytes when its type is called %s',
    async (type) => {
      const answer = await push('shop', shop(ORDERS), { headers: { 'content-type': type } });
      expect(answer).toMatchObject({ status: 200, json: { name: 'shop' } });
    },
  );

  it('is taken from operators only, and only as an archive', async () => {
    expect((await push('shop', shop(ORDERS), { role: 'approver' })).status).toBe(403);
    for (const body of [{ name: 'shop' }, Buffer.from('no gzip'), undefined]) {
      const answer = await rig.call('PUT', '/v1/projects/shop', { body });
      expect(answer.json).toMatchObject({ status: 400, code: 'REQUEST_UNREADABLE' });
    }
    const cut = await rig.call('PUT', '/v1/projects/shop', { body: (await packProject(shop(ORDERS))).subarray(0, 40) });
    expect(cut.json).toMatchObject({ status: 422, code: 'PROJECT_INVALID' });
    const elsewhere = await rig.call('PUT', '/v1/servers/main', {
      body: Buffer.from('no gzip'),
      headers: { 'content-type': 'application/gzip' },
    });
    expect(elsewhere.status).toBe(415);
  });
});

describe('a request about a project is refused', () => {
  it.each([
    ['a project that was never pushed', { project: 'nowhere' }, 422, 'PROJECT_UNKNOWN', 'rehome project push'],
    [
      'an unknown database',
      { databases: [{ alias: 'reslts' }] },
      400,
      'REQUEST_INVALID',
      'default, materials, results',
    ],
    ['one twice', { databases: [{ alias: 'default' }, { alias: 'default' }] }, 400, 'REQUEST_INVALID', 'twice'],
    ['one left out without a reason', { leaveOut: { results: ' ' } }, 400, 'REQUEST_INVALID', 'say why'],
    [
      'one left out and asked for',
      { databases: [{ alias: 'results' }], leaveOut: { results: 'later' } },
      400,
      'REQUEST_INVALID',
      'asked for and left out',
    ],
  ])('that names %s', async (_what, body, status, code, detail) => {
    await pushExample('epsm');
    const answer = await ask({ kind: 'apply', project: 'epsm', ...body });
    expect(answer.json).toMatchObject({ status, code, detail: expect.stringContaining(detail) });
  });

  it('when its databases are on a server that nobody registered [d6]', async () => {
    await push('shop', shop(ORDERS, SHOP.replace('server: main', 'server: elsewhere')));
    const answer = await ask({ kind: 'apply', project: 'shop' });
    expect(answer.json).toMatchObject({ status: 422, code: 'SERVER_UNKNOWN' });
  });

  it('when a revert names a version that the project does not have', async () => {
    await pushExample('epsm');
    const answer = await ask({ kind: 'revert', project: 'epsm', database: 'results', version: '0009' });
    expect(answer.json.errors).toEqual([{ pointer: '/version', message: expect.stringContaining('"0009"') }]);
  });

  it('when a revert by the latest backup finds none [d10]', async () => {
    await pushExample('epsm');
    const emergency = { restore: { latest: { tier: 'daily' } } };
    const answer = await ask({ kind: 'revert', project: 'epsm', database: 'results', version: '0004', emergency });
    expect(answer.json).toMatchObject({
      code: 'BACKUP_UNKNOWN',
      detail: expect.stringContaining('epsm_results on main'),
    });
  });
});
