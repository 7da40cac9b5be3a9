import { expect } from '@jest/globals';
import { KafkaClient } from '#shared/messaging/kafka-client.js';
import { silentLogger } from '#shared/observability/logger.js';
import { contentDigest, readContent } from '../../apps/executor/src/postgres/hashing.js';
import type { Certificate, MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';
import { readEventsUpTo } from './events-topic-reader.js';
import type { MoveEvent, MoveWorld } from './move-world.js';
import { addressOf, NEVER } from './moved-database.js';

/** A tenant before its move: what must be left alone, or come back. */
export interface Before {
  readonly tenant: SampleTenant;
  readonly config: string;
}

export function before(tenant: SampleTenant): Before {
  return { tenant, config: tenant.config() };
}

/** Completed; why not stands beside what was expected. */
export async function endedWell(world: MoveWorld, id: string): Promise<MigrationBody & { id: string }> {
  const body = await world.ended(id);
  const why = body.reasons.map(({ code, detail }) => `${code}: ${detail}`);
  expect({ status: body.status, why }).toEqual({ status: 'completed', why: [] });
  return { ...body, id };
}

/**
 * Ends as an undisturbed move does: every effect once, and the copy equals the source that was left behind, read
 * again here and independently of what the move says of itself.
 */
export async function expectMoved(
  world: MoveWorld,
  { tenant, config }: Before,
  migrationId: string,
): Promise<Certificate> {
  const body = await world.ended(migrationId);
  expect(summaryOf(body)).toEqual({ status: 'completed', reasons: [] });
  const certificate = certificateOf(body);
  const { after, verification, retiredAs, connections } = certificate;
  const dedicated = await world.dedicatedUrl(after?.dbServerId ?? '');
  expect(await databasesAt(world, dedicated)).toEqual([tenant.options.database]);
  expect({ mismatches: verification.mismatches, old: connections.old }).toEqual({ mismatches: 0, old: 0 });
  expect(verification).toMatchObject({ tables: tenant.facts.tables, largeObjects: tenant.facts.largeObjects });
  expect(await digestOf(tenant.options.server.adminUrl, retiredAs ?? '')).toBe(verification.contentDigest);
  // Both servers are on this host: its line is written with the bytes it had.
  expect(editedKeys(config, tenant.config())).toEqual(['db_password', 'db_port', 'db_user']);
  expect((await tenant.healthy()).connectedTo).toMatchObject({ host: after?.host, port: after?.port });
  expect(await startsOf(tenant)).toBe(2);
  expect(outcomesPerStep(await world.events(migrationId), 'StepSucceeded')).toEqual(oncePerStep(body));
  return certificate;
}

/** Ends as if nothing had been asked: the application runs on the old server and its file has its old bytes. */
export async function expectTakenBack(
  world: MoveWorld,
  { tenant, config }: Before,
  migrationId: string,
): Promise<MigrationBody> {
  const body = await world.ended(migrationId);
  expect({ status: body.status, leftovers: body.leftovers }).toEqual({ status: 'rolled-back', leftovers: [] });
  expect(tenant.config()).toBe(config);
  const { server, database, owner } = tenant.options;
  expect((await tenant.healthy()).connectedTo).toEqual({ host: server.host, port: server.port, user: owner, database });
  const rows = await world.query<{ owner: string; limit: number; sessions: boolean }>(
    server.adminUrl,
    database,
    `select pg_get_userbyid(datdba) as owner, datconnlimit as limit,
            exists (select from pg_stat_activity where datname = current_database() and usename = '${owner}') as sessions
       from pg_database
      where datname = current_database()`,
  );
  expect(rows).toEqual([{ owner, limit: 60, sessions: true }]);
  expect(await world.dedicatedServers()).not.toContainEqual(expect.stringContaining(tenant.instanceId.slice(0, 8)));
  return body;
}

/** The chain holds and Kafka has every event of the ledger, in order, without a gap. */
export async function expectLedgerPublished(world: MoveWorld): Promise<{ events: number; repeats: number }> {
  const audit = await world.planner.call<{ verified: boolean; headPosition: string }>('GET', '/v1/audit/verify');
  expect(audit.verified).toBe(true);
  const head = BigInt(audit.headPosition);
  const brokers = world.stack.kafka?.brokers.split(',') ?? [];
  const client = new KafkaClient({ brokers, clientId: 'faults' }, silentLogger());
  const reading = await readEventsUpTo(client, head);
  expect(reading.gaps).toBe(0);
  return { events: reading.events.length, repeats: reading.repeats };
}

/** Asks until there is an answer. @throws Error naming what did not come true. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Events of one type about one step. */
export function ofStep(events: readonly MoveEvent[], stepId: string, type: string): MoveEvent['data'][] {
  return events.filter((event) => event.type === type && event.data['stepId'] === stepId).map(({ data }) => data);
}

export function certificateOf({ result }: MigrationBody): Certificate {
  if (result?.certificate === undefined) throw new Error('the migration has no certificate');
  return result.certificate;
}

async function databasesAt(world: MoveWorld, adminUrl: string): Promise<string[]> {
  const rows = await world.query<{ name: string }>(
    adminUrl,
    'postgres',
    `select datname as name from pg_database where not datistemplate and datname <> 'postgres' order by 1`,
  );
  return rows.map(({ name }) => name);
}

async function digestOf(adminUrl: string, database: string): Promise<string> {
  const options = { applicationName: 'faults', signal: NEVER, jobs: 1 };
  return contentDigest(await readContent(addressOf(adminUrl, database), options));
}

/** Keys whose lines differ, sorted; every other line must have its old bytes in its old place. */
function editedKeys(old: string, now: string): string[] {
  const [left, right] = [old.split('\n'), now.split('\n')];
  expect(right).toHaveLength(left.length);
  const differing = right.filter((line, index) => line !== left[index]);
  return differing.map((line) => line.split('=')[0]?.trim() ?? '').sort();
}

/** How often its controller has started the application, the first time included. */
export async function startsOf(tenant: SampleTenant): Promise<number> {
  const answer = await fetch(`${tenant.serviceUrl}/history`);
  const { history } = (await answer.json()) as { history: readonly { what: string }[] };
  return history.filter(({ what }) => what === 'started').length;
}

function outcomesPerStep(events: readonly MoveEvent[], type: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of events) {
    if (event.type !== type) continue;
    const stepId = String(event.data['stepId']);
    counts[stepId] = (counts[stepId] ?? 0) + 1;
  }
  return counts;
}

function oncePerStep({ steps }: MigrationBody): Record<string, number> {
  return Object.fromEntries(steps.map(({ id }) => [id, 1]));
}

function summaryOf({ status, reasons }: MigrationBody): { status: string; reasons: string[] } {
  return { status, reasons: reasons.map(({ code, detail }) => `${code}: ${detail}`) };
}
