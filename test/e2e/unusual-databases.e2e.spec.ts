import { describe, expect, it } from '@jest/globals';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { givenMoveWorld } from '../harness/given-move-world.js';
import type { Certificate, MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const given = givenMoveWorld();

async function moved(tenant: SampleTenant): Promise<{ body: MigrationBody; certificate: Certificate; url: string }> {
  const body = await given().ended(await given().upgrade(tenant));
  const certificate = body.result?.certificate;
  if (certificate === undefined) throw new Error(JSON.stringify(body.reasons));
  return { body, certificate, url: await given().dedicatedUrl(certificate.after?.dbServerId ?? '') };
}

describe('a database is moved whatever it is called', () => {
  it.each([
    ['quotes, capitals and unicode', `Odoo "A'cme" ü`, `Own"er ü's`],
    ['what tools take for options, variables and templates', 'host=nowhere $HOME {database} %20 --x', '-d SELECT'],
    ['as long as a name can be', `${'ü'.repeat(31)}x`, `${'Ö'.repeat(28)}wner`],
  ])(
    'with %s',
    async (_what, database, owner) => {
      const tenant = await given().tenant({ database, owner });
      const { certificate, url } = await moved(tenant);
      expect(certificate.verification).toMatchObject({ mismatches: 0, tables: tenant.facts.tables, largeObjects: 8 });
      expect(await given().query(url, database, 'select count(*)::int as n from res_users')).toEqual([{ n: 7 }]);
      expect(await tenant.healthy()).toMatchObject({ connectedTo: { port: Number(new URL(url).port), database } });
      const aside = certificate.retiredAs ?? '';
      expect(Buffer.byteLength(aside)).toBeLessThanOrEqual(63);
      const { adminUrl } = tenant.options.server;
      expect(await given().query(adminUrl, aside, 'select count(*)::int as n from res_users')).toEqual([{ n: 7 }]);
    },
    90_000,
  );

  it('but for a name that would lead its config file elsewhere', async () => {
    const { instance } = await given().tenant();
    const { service } = await given().planner.call<{ service: string }>('GET', `/v1/instances/${instance.instanceId}`);
    const { instanceId, ...rest } = instance;
    await given().planner.call('PUT', `/v1/instances/${instanceId}`, { ...rest, service, database: '../acme' });
    const request = { kind: 'upgrade', instanceId, toPlan: 'premium' };
    const answer = await given().planner.raw('POST', '/v1/migrations', request);
    expect([answer.status, await answer.json()]).toMatchObject([422, { code: 'PATH_NOT_ALLOWED' }]);
  }, 60_000);
});

describe('tables that are hard to compare', () => {
  const TABLES = `
create table "No key" (a int, b text);
insert into "No key" select n % 3, case when n % 5 > 0 then 'same' end from generate_series(1, 3000) n;
create table no_columns ();
insert into no_columns default values;
insert into no_columns default values;
create unlogged table not_logged (at timestamptz, amount numeric, raw bytea, half float4);
insert into not_logged values ('infinity', 'NaN', '\\x00ff', 'NaN'), (null, 1.10, null, '-0'), ('4713-01-01 BC', 1e40, '', 1e-40);
create table parent (id int, at date) partition by range (at);
create table parent_2025 partition of parent for values from ('2025-01-01') to ('2026-01-01');
create table parent_rest partition of parent default;
insert into parent select n, date '2025-12-01' + n from generate_series(1, 90) n;
create table child (more text) inherits ("No key");
insert into child values (1, 'inherited', 'x');
create table generated (n int, twice int generated always as (n * 2) stored, i int generated always as identity);
insert into generated (n) select generate_series(1, 10);
create table odd_types (j jsonb, x xml, r int4range, t tsvector, a text[][], p point, i interval, b bit(3), c "char");
insert into odd_types values ('{"a": [1, null]}', '<a/>', '[1,5)', 'a:1', '{{a,b},{c,NULL}}', '(1,2)', '1 mon -1 d', b'101', 'x');
`;

  it('move and are compared row by row: without a primary key, columns, order or a log', async () => {
    const tenant = await given().tenant();
    const { database, owner, server } = tenant.options;
    await given().query(server.adminUrl, database, `set role ${quoteIdentifier(owner)}; ${TABLES}`);
    const { certificate, url } = await moved(tenant);
    // Eight with rows of their own; the partitioned one has none.
    expect(certificate.verification).toMatchObject({ mismatches: 0 });
    expect(certificate.verification.tables).toBeGreaterThanOrEqual(tenant.facts.tables + 8);
    const counted = await given().query(
      url,
      database,
      `select (select count(*)::int from only "No key") as keyless,
              (select count(*)::int from no_columns) as bare,
              (select count(*)::int from parent_rest) as rest,
              (select count(*)::int from child) as inherited,
              (select sum(twice)::int from generated) as twice,
              (select relpersistence::text from pg_class where relname = 'not_logged') as persistence`,
    );
    expect(counted).toEqual([{ keyless: 3000, bare: 2, rest: 60, inherited: 1, twice: 110, persistence: 'u' }]);
  }, 180_000);
});
