import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { registryStream } from '#shared/contracts/streams.js';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';
import { parseCatalogue } from './catalogue.js';

const CATALOGUE = `
servers:
  pool-9: { host: pool-9.internal, port: 5432, adminUser: postgres, adminSecretRef: 'env:POOL_9' }
entitlements:
  basic: { dbType: shared, cpu: 1 }
services:
  shop-{database}:
    control: { driver: http, url: 'http://control:9/{database}' }
    configFiles:
      - { path: '/srv/{database}/shop.conf', format: ini, section: options, keys: { host: db_host } }
sources:
  /billing: { kinds: [upgrade] }
instances:
  acme: { plan: basic, server: pool-9, database: acme, owner: acme, service: 'shop-{database}' }
`;

let rig: PlannerRig;
beforeAll(async () => {
  const { definitions, problems } = parseCatalogue(CATALOGUE);
  expect(problems).toEqual([]);
  rig = await PlannerRig.start({ config: { catalogue: definitions } });
});
afterAll(() => rig?.close());

interface ListBody {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly next: string | null;
}

const TENANT = { plan: 'basic', server: 'pool-9', database: 'a', owner: 'a', service: 'shop-{database}' };
const server = { host: '10.0.0.1', port: 5433, adminUser: 'postgres', adminSecretRef: 'vault:pool-x' };

describe('the catalogue', () => {
  it('seeds what the ledger does not hold', async () => {
    const answer = await rig.call('GET', '/v1/servers/pool-9', { role: 'viewer' });
    expect(answer.json).toEqual({
      name: 'pool-9',
      host: 'pool-9.internal',
      port: 5432,
      adminUser: 'postgres',
      adminSecretRef: 'env:POOL_9',
    });
    const instance = await rig.call('GET', '/v1/instances/acme');
    expect(instance.json).toMatchObject({
      instanceId: 'acme',
      dbType: 'shared',
      server: 'pool-9',
      dbServerId: 'pool-9',
      host: 'pool-9.internal',
      user: 'acme',
    });
  });

  it('keeps what people changed since, when the planner starts again', async () => {
    await rig.put('/v1/entitlements/basic', { dbType: 'shared', cpu: 3 });
    const { position } = await rig.ledger.planner.reader.head();
    await rig.restart();
    await rig.until(async () => (await rig.call('GET', '/health/ready')).status === 200);
    expect((await rig.call('GET', '/v1/entitlements/basic')).json).toMatchObject({ cpu: 3 });
    expect((await rig.ledger.planner.reader.head()).position).toBe(position);
  });
});

describe('a list of the registry', () => {
  it.each([
    ['/v1/servers', '/v1/servers/page-', server, 'name'],
    ['/v1/sources', '/v1/sources/%2Fpage-', { kinds: ['upgrade'] }, 'source'],
    ['/v1/policies', '/v1/policies/page-', { match: {}, approval: 'none' }, 'name'],
    ['/v1/entitlements', '/v1/entitlements/page-', { cpu: 1 }, 'plan'],
    ['/v1/instances', '/v1/instances/page-', TENANT, 'instanceId'],
  ])('%s has pages by name, each entry once, also when some come meanwhile', async (path, entry, body, key) => {
    for (const n of [3, 1, 2]) await rig.put(`${entry}${String(n)}`, body);
    const first = (await rig.call('GET', `${path}?limit=2`, { role: 'viewer' })).json as unknown as ListBody;
    await rig.put(`${entry}0`, body);
    const seen = [...first.items];
    for (let { next } = first; next !== null;) {
      const page = (await rig.call('GET', `${path}?limit=2&after=${next}`)).json as unknown as ListBody;
      seen.push(...page.items);
      ({ next } = page);
    }
    const names = seen.map((item) => String(item[key]));
    expect(names).toEqual([...new Set(names)].sort());
    const prefix = decodeURIComponent(entry.split('/').at(-1) ?? '');
    expect(names).toEqual(expect.arrayContaining([1, 2, 3].map((n) => `${prefix}${String(n)}`)));
    const all = (await rig.call('GET', path)).json as unknown as ListBody;
    expect(all).toMatchObject({ items: { length: new Set([...names, `${prefix}0`]).size }, next: null });
  });

  it('refuses a place that no page gave', async () => {
    expect((await rig.call('GET', '/v1/servers?after=%20')).json).toMatchObject({ status: 400 });
  });
});

describe('a source', () => {
  it('has the rights that an operator put, under its encoded name; what the catalogue says comes only once', async () => {
    const path = `/v1/sources/${encodeURIComponent('/billing')}`;
    expect((await rig.call('GET', path, { role: 'viewer' })).json).toEqual({ source: '/billing', kinds: ['upgrade'] });
    await rig.put(path, { kinds: [] });
    await rig.restart();
    await rig.until(async () => (await rig.call('GET', '/health/ready')).status === 200);
    expect((await rig.call('GET', path)).json).toEqual({ source: '/billing', kinds: [] });
    expect((await rig.call('PUT', path, { role: 'approver', body: { kinds: ['*'] } })).status).toBe(403);
  });
});

describe('an entry of the registry', () => {
  it('is an event, and the same definition again is none', async () => {
    await rig.put('/v1/servers/pool-x', server);
    await rig.put('/v1/servers/pool-x', { ...server, name: 'pool-x' });
    const changed = await rig.put('/v1/servers/pool-x', { ...server, port: 6000 });
    expect(changed.json).toMatchObject({ name: 'pool-x', port: 6000 });
    const events = await rig.ledger.planner.reader.readStream(registryStream('server', 'pool-x'));
    expect(events.map((event) => event.type)).toEqual(['ServerRegistered', 'ServerRegistered']);
    expect(events[0]).toMatchObject({ data: { ...server, name: 'pool-x' }, metadata: { actor: 'key:operator' } });
  });

  it('answers what can be put again', async () => {
    const read = await rig.call('GET', '/v1/services/shop-%7Bdatabase%7D');
    const written = await rig.put('/v1/services/shop-%7Bdatabase%7D', read.json);
    expect(written.json).toEqual(read.json);
  });

  it('may have a name with spaces, quotes, slashes and unicode', async () => {
    const name = `Größe "7" / o'hara 🐘`;
    const path = `/v1/entitlements/${encodeURIComponent(name)}`;
    await rig.put(path, { dbType: 'dedicated' });
    expect((await rig.call('GET', path)).json).toEqual({ plan: name, dbType: 'dedicated' });
    const long = `/v1/servers/${encodeURIComponent('ü'.repeat(100))}`;
    await rig.put(long, server);
    expect((await rig.call('GET', long)).status).toBe(200);
    const longer = `/v1/servers/${encodeURIComponent('ü'.repeat(101))}`;
    expect((await rig.call('PUT', longer, { body: server })).json).toMatchObject({
      status: 400,
      errors: [{ pointer: '/path/name', message: 'must be 1 to 200 bytes without control characters' }],
    });
  });

  it.each([
    ['a password instead of a reference', '/v1/servers/s', { ...server, adminSecretRef: 'hunter2' }, '/adminSecretRef'],
    ['an unknown field', '/v1/servers/s', { ...server, password: 'x' }, '/password'],
    ['another name than the path', '/v1/servers/s', { ...server, name: 't' }, '/name'],
    ['an amount without sense', '/v1/entitlements/s', { memory: 'lots' }, '/memory'],
    ['an unknown driver', '/v1/services/s', { control: { driver: 'ssh' }, configFiles: [] }, '/control/driver'],
    ['a name with a control character', '/v1/servers/a%00b', server, '/path/name'],
  ])('is refused with %s', async (_what, path, body, pointer) => {
    const answer = await rig.call('PUT', path, { body });
    expect(answer.json).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(answer.json.errors?.map((error) => error.pointer)).toContain(pointer);
    expect(answer.text).not.toContain('hunter2');
  });

  it('survives 20 writers at once: each is told that it wrote or met a conflict', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        rig.call('PUT', '/v1/servers/busy', { body: { ...server, port: 7000 + n } }),
      ),
    );
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const events = await rig.ledger.planner.reader.readStream(registryStream('server', 'busy'));
    expect(events.length).toBe(answers.filter(({ status }) => status === 200).length);
  });
});

describe('an instance', () => {
  const tenant = {
    plan: 'basic',
    server: 'pool-9',
    database: 'Odoo "Acme"',
    owner: "o'hara",
    service: 'shop-{database}',
  };

  it('names everything it needs that nobody registered', async () => {
    const answer = await rig.call('PUT', '/v1/instances/t', {
      body: { ...tenant, server: 'x', service: 'y', plan: 'z' },
    });
    expect(answer.json).toMatchObject({
      status: 422,
      code: 'SERVER_UNKNOWN',
      errors: [{ pointer: '/server' }, { pointer: '/service' }, { pointer: '/plan' }],
    });
  });

  it('has the same id in capitals when the id is a UUID', async () => {
    const instanceId = randomUUID();
    await rig.put(`/v1/instances/${instanceId.toUpperCase()}`, tenant);
    expect((await rig.call('GET', `/v1/instances/${instanceId}`)).json).toMatchObject({ instanceId, owner: "o'hara" });
  });

  it('is not rewritten while a migration works on it', async () => {
    const instanceId = randomUUID();
    await rig.put(`/v1/instances/${instanceId}`, tenant);
    await rig.put('/v1/entitlements/premium', { dbType: 'dedicated' });
    const { json } = await rig.upgrade(instanceId);
    const answer = await rig.call('PUT', `/v1/instances/${instanceId}`, { body: { ...tenant, server: 'pool-x' } });
    expect(answer.json).toMatchObject({
      status: 409,
      code: 'SUBJECT_BUSY',
      links: { holder: `/v1/migrations/${json.migrationId}` },
    });
    expect((await rig.call('GET', `/v1/instances/${instanceId}`)).json).toMatchObject({ server: 'pool-9' });
  });
});
