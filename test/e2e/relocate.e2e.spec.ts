import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { givenMoveWorld } from '../harness/given-move-world.js';
import { endedWell } from '../harness/move-outcome.js';
import { contentOf, structuralDifferences, type Place } from '../harness/sample-databases.js';
import { withClient } from '../../examples/sample-tenant/create-tenant.js';
import type { MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

/** PostgreSQL 13; the other servers are called after their major. */
const OLD = 'pool-2';

const given = givenMoveWorld({
  servers: [
    { name: 'pg15', major: 15 },
    { name: OLD, major: 13 },
    { name: 'pg18', major: 18 },
  ],
});

const urlOf = (server: string): string => given().stack.server(server).adminUrl;

async function completed(request: Readonly<Record<string, unknown>>): Promise<MigrationBody & { id: string }> {
  return endedWell(given(), await given().ask(request));
}

function relocation({ options }: SampleTenant, server: string) {
  const { database } = options;
  return { kind: 'relocate', source: { server: OLD, database }, target: { server, database }, mode: 'offline' };
}

function placeOf({ options }: SampleTenant, server: string, database = options.database): Place {
  return { adminUrl: urlOf(server), database, owner: options.owner };
}

async function expectAt(tenant: SampleTenant, server: string): Promise<void> {
  const { port } = given().stack.server(server);
  expect(await tenant.healthy()).toMatchObject({ connectedTo: { port, user: tenant.options.owner } });
  const instance = await given().planner.call('GET', `/v1/instances/${tenant.instanceId}`);
  expect(instance).toMatchObject({ server, owner: tenant.options.owner, dbType: 'shared' });
}

describe('a tenant with a running application relocates', () => {
  it('from 13 to 15 and back, keeps its password, and its record follows', async () => {
    const tenant = await given().tenant();
    const config = tenant.config();
    const there = await completed(relocation(tenant, 'pg15'));
    await expectAt(tenant, 'pg15');
    const { certificate } = there.result ?? {};
    expect(certificate?.verification).toMatchObject({ mismatches: 0, tables: tenant.facts.tables });
    expect(certificate?.checklist.filter(({ passed }) => !passed)).toEqual([]);
    const changed = tenant
      .config()
      .split('\n')
      .filter((line) => !config.includes(line));
    expect(changed.map((line) => line.split('=')[0]?.trim())).toEqual(['db_port']);
    // Range types of 14 and newer bring multiranges, which 13 does not know: "current" would be taken back.
    await completed({ kind: 'return', migrationId: there.id, data: 'discard-since-cutover' });
    await expectAt(tenant, OLD);
    expect(tenant.config()).toBe(config);
  }, 175_000);

  it('from 13 to 15 and back with what was written since: counts, hashes and structure agree', async () => {
    const tenant = await given().tenant();
    const { database } = tenant.options;
    const config = tenant.config();
    // All but its range type, to which 14 and newer add a multirange that 13 does not know.
    await given().query(urlOf(OLD), database, 'drop type money_range cascade');
    const there = await completed(relocation(tenant, 'pg15'));
    // The application writes on: what was put aside is what was compared.
    const left = placeOf(tenant, OLD, there.result?.certificate?.retiredAs ?? '');
    expect((await contentOf(left)).digest).toBe(there.result?.certificate?.verification.contentDigest);
    await given().query(urlOf('pg15'), database, 'create table written_since as select 1 as n');
    const back = await completed({ kind: 'return', migrationId: there.id, data: 'current' });
    await expectAt(tenant, OLD);
    expect(tenant.config()).toBe(config);
    const aside = placeOf(tenant, 'pg15', back.result?.certificate?.retiredAs ?? '');
    expect((await contentOf(aside)).digest).toBe(back.result?.certificate?.verification.contentDigest);
    expect(await structuralDifferences(aside, placeOf(tenant, OLD))).toEqual([]);
    expect(await given().query(urlOf(OLD), database, 'select n from written_since')).toEqual([{ n: 1 }]);
  }, 175_000);

  it('from 13 to 18, with planner statistics, and equals what it left behind', async () => {
    const tenant = await given().tenant();
    const { id, result, warnings } = await completed(relocation(tenant, 'pg18'));
    await expectAt(tenant, 'pg18');
    expect(warnings.join()).toContain('PostgreSQL 13 becomes 18');
    const aside = placeOf(tenant, OLD, result?.certificate?.retiredAs ?? '');
    expect(await structuralDifferences(aside, placeOf(tenant, 'pg18'))).toEqual([]);
    expect((await contentOf(aside)).digest).toBe(result?.certificate?.verification.contentDigest);
    const text = `select count(*)::int as n from pg_stats where tablename = 'res_users'`;
    expect(await given().query(urlOf('pg18'), tenant.options.database, text)).not.toEqual([{ n: 0 }]);
    const events = JSON.stringify(await given().events(id));
    expect(events).not.toContain('SCRAM-SHA-256$');
  }, 175_000);
});

describe('a database without a service', () => {
  async function made(): Promise<{ database: string; owner: string; password: string }> {
    const mark = randomBytes(3).toString('hex');
    const [database, owner, password] = [`reports_${mark}`, `reporter_${mark}`, `secret of ${mark}`];
    await given().query(urlOf(OLD), 'postgres', `create role ${owner} login password '${password}'`);
    await given().query(urlOf(OLD), 'postgres', `create database ${quoteIdentifier(database)} owner ${owner}`);
    const sql = `create table report as select n from generate_series(1, 100) n; alter table report owner to ${owner}`;
    await given().query(urlOf(OLD), database, sql);
    return { database, owner, password };
  }

  it('relocates under another name and owner, who logs in with the old password', async () => {
    const { database, owner, password } = await made();
    const target = { server: 'pg18', database: `${database}_archive`, owner: `${owner}_18` };
    const { result } = await completed({ kind: 'relocate', source: { server: OLD, database }, target });
    const url = new URL(urlOf('pg18'));
    [url.username, url.password] = [target.owner, encodeURIComponent(password)];
    const rows = await withClient(url.toString(), target.database, async (client) => {
      return (await client.query('select count(*)::int as n from report')).rows as unknown[];
    });
    expect(rows).toEqual([{ n: 100 }]);
    expect(result?.certificate).toMatchObject({
      connections: null,
      after: { database: target.database },
    });
    // Without a service: from the fence to the final name.
    expect(result?.certificate?.downtimeMs).toBeGreaterThan(0);
    const left = await given().query(urlOf(OLD), 'postgres', `select 1 from pg_database where datname = '${database}'`);
    expect(left).toEqual([]);
  }, 170_000);

  it('is never copied over another one, nor to an older major', async () => {
    const { database } = await made();
    await given().query(urlOf('pg15'), 'postgres', `create database ${quoteIdentifier(database)}`);
    const ask = (source: string, server: string) =>
      given().ask({ kind: 'relocate', source: { server: source, database }, target: { server, database } });
    const taken = await given().ended(await ask(OLD, 'pg15'));
    expect(taken.status).toBe('refused');
    expect(taken.reasons.map(({ detail }) => detail).join()).toContain(`a database ${database} exists at the target`);
    const same = await given().planner.raw('POST', '/v1/migrations', {
      kind: 'relocate',
      source: { server: OLD, database },
      target: { server: OLD, database },
    });
    expect(same.status).toBe(400);
    await given().query(urlOf(OLD), 'postgres', `drop database ${quoteIdentifier(database)}`);
    const older = await given().ended(await ask('pg15', OLD));
    expect(older.reasons.map(({ detail }) => detail).join()).toContain('a dump does not go back to an older major');
  }, 120_000);
});
