import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { givenMoveWorld } from '../harness/given-move-world.js';
import { endedWell } from '../harness/move-outcome.js';
import { contentOf } from '../harness/sample-databases.js';
import type { MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const given = givenMoveWorld();

async function completed(request: Readonly<Record<string, unknown>>): Promise<MigrationBody & { id: string }> {
  return endedWell(given(), await given().ask(request));
}

async function upgraded(): Promise<{ tenant: SampleTenant; id: string; config: string }> {
  const tenant = await given().tenant();
  const config = tenant.config();
  const { id } = await endedWell(given(), await given().upgrade(tenant));
  return { tenant, id, config };
}

async function expectHome({ tenant, config }: { tenant: SampleTenant; config: string }): Promise<void> {
  const { server, database, owner } = tenant.options;
  const { connectedTo } = await tenant.healthy();
  expect(connectedTo).toEqual({ host: server.host, port: server.port, user: owner, database });
  expect(tenant.config()).toBe(config);
  const instance = await given().planner.call('GET', `/v1/instances/${tenant.instanceId}`);
  expect(instance).toMatchObject({ server: server.name, owner, dbType: 'shared', plan: 'standard' });
}

async function refused(request: Readonly<Record<string, unknown>>): Promise<{ status: number; detail: string }> {
  const answer = await given().planner.raw('POST', '/v1/migrations', request);
  const { detail } = (await answer.json()) as { detail: string };
  return { status: answer.status, detail };
}

/** A row that only the database after the move has. */
async function writeThere(id: string, tenant: SampleTenant): Promise<void> {
  const body = await given().migration(id);
  const url = await given().dedicatedUrl(body.result?.certificate?.after?.dbServerId ?? '');
  await given().query(url, tenant.options.database, `create table written_since as select 1 as n`);
}

async function tablesCalled(tenant: SampleTenant, name: string): Promise<unknown> {
  const { server, database } = tenant.options;
  const text = `select count(*)::int as n from pg_class where relname = '${name}'`;
  return (await given().query<{ n: number }>(server.adminUrl, database, text))[0]?.n;
}

describe('a tenant returns from its dedicated server', () => {
  it('with what was written since, under its old name, role and password', async () => {
    const moved = await upgraded();
    await writeThere(moved.id, moved.tenant);
    const back = await completed({ kind: 'return', migrationId: moved.id, data: 'current' });
    await expectHome(moved);
    expect(await tablesCalled(moved.tenant, 'written_since')).toBe(1);
    const owners = await given().query(
      moved.tenant.options.server.adminUrl,
      moved.tenant.options.database,
      `select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
    );
    expect(owners).toEqual([{ owner: moved.tenant.options.owner }]);
    expect(back.result?.certificate).toMatchObject({ returns: moved.id, verification: { mismatches: 0 } });
    const again = await refused({ kind: 'return', migrationId: moved.id, data: 'current' });
    expect(again).toMatchObject({ status: 409 });
    expect(again.detail).toContain('was returned by');
  }, 170_000);

  it('as it was put aside, when what was written since may be lost', async () => {
    const moved = await upgraded();
    await writeThere(moved.id, moved.tenant);
    await completed({ kind: 'return', migrationId: moved.id, data: 'discard-since-cutover' });
    await expectHome(moved);
    expect(await tablesCalled(moved.tenant, 'written_since')).toBe(0);
  }, 170_000);

  it('but not before its move has completed', async () => {
    const tenant = await given().tenant();
    const id = await given().upgrade(tenant, { approval: 'required' });
    await given().until(id, ({ status }) => status === 'awaiting-approval');
    const answer = await refused({ kind: 'return', migrationId: id, data: 'current' });
    expect(answer).toMatchObject({ status: 409 });
    await given().planner.call('POST', `/v1/migrations/${id}/cancel`, { reason: 'enough' });
  }, 120_000);
});

describe('what a move put aside', () => {
  it('is dropped beside its verified backup, and only then', async () => {
    const { tenant, id } = await upgraded();
    const { adminUrl } = tenant.options.server;
    const { retiredAs, backup } = (await given().migration(id)).result?.certificate ?? {};
    const place = { adminUrl, database: retiredAs ?? '', owner: tenant.options.owner };
    const before = (await contentOf(place)).rows;
    expect(before).not.toBe('0');
    const unknown = await given().ended(await given().ask({ kind: 'retire', migrationId: id, backupId: id }));
    expect(unknown.status).toBe('refused');
    expect(unknown.reasons.map(({ detail }) => detail).join()).toContain('verified-backup');
    const { rows } = { rows: await databases(adminUrl, retiredAs) };
    expect(rows).toEqual([{ name: retiredAs }]);
    const gone = await completed({ kind: 'retire', migrationId: id, backupId: backup?.backupId });
    expect(gone.result).toMatchObject({ retired: { database: retiredAs, backupId: backup?.backupId } });
    expect(await databases(adminUrl, retiredAs)).toEqual([]);
    await tenant.healthy();
    // All that is left of it does not expire, and can be had back.
    const kept = await given().planner.call('GET', `/v1/backups/${backup?.backupId ?? ''}`);
    expect(kept).toMatchObject({ status: 'verified', expiresAt: null });
    const target = {
      server: tenant.options.server.name,
      database: `${retiredAs ?? ''}_back`,
      owner: tenant.options.owner,
    };
    await completed({ kind: 'restore', backupId: backup?.backupId, target });
    expect((await contentOf({ ...place, database: target.database })).rows).toBe(before);
  }, 170_000);

  it('stays when one byte of its backup was flipped, which is set down', async () => {
    const { tenant, id } = await upgraded();
    const { adminUrl } = tenant.options.server;
    const { retiredAs, backup } = (await given().migration(id)).result?.certificate ?? {};
    const stands = () => given().planner.call<{ path: string }>('GET', `/v1/backups/${backup?.backupId ?? ''}`);
    const toc = join((await stands()).path, 'dump', 'toc.dat');
    const bytes = readFileSync(toc);
    bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
    writeFileSync(toc, bytes);
    const asked = await given().ask({ kind: 'retire', migrationId: id, backupId: backup?.backupId });
    const body = await given().ended(asked);
    expect(body.status).toBe('refused');
    expect(body.reasons.map(({ detail }) => detail).join()).toContain('other bytes than its manifest says');
    expect(await stands()).toMatchObject({ status: 'damaged' });
    expect(await databases(adminUrl, retiredAs)).toEqual([{ name: retiredAs }]);
  }, 170_000);

  it('is left alone when it does not carry the mark of its move', async () => {
    const { tenant, id } = await upgraded();
    const { adminUrl } = tenant.options.server;
    const { retiredAs, backup } = (await given().migration(id)).result?.certificate ?? {};
    await given().query(adminUrl, 'postgres', `comment on database "${retiredAs ?? ''}" is null`);
    const body = await given().ended(
      await given().ask({ kind: 'retire', migrationId: id, backupId: backup?.backupId }),
    );
    expect(body.status).toBe('refused');
    expect(body.reasons.map(({ detail }) => detail).join()).toContain('does not carry the mark');
    expect(await databases(adminUrl, retiredAs)).toEqual([{ name: retiredAs }]);
  }, 170_000);
});

function databases(adminUrl: string, name: string | null | undefined): Promise<{ name: string }[]> {
  const text = `select datname as name from pg_database where datname = '${name ?? ''}'`;
  return given().query<{ name: string }>(adminUrl, 'postgres', text);
}
