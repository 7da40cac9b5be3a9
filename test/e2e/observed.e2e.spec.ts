import { createHash, randomUUID } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CloudEvent, Kafka } from 'cloudevents';
import pg from 'pg';
import type { JsonObject } from '#shared/contracts/json.js';
import { EVENTS_TOPIC, REQUESTS_TOPIC } from '#shared/contracts/topics.js';
import { REHOME_NAMESPACE, uuidV5 } from '#shared/contracts/uuid.js';
import type { IncomingRecord } from '#shared/messaging/kafka-record.js';
import { RecordSender } from '#shared/messaging/record-sender.js';
import { readTopic } from '#shared/messaging/topic-reader.js';
import { asyncApiProblems } from '../harness/asyncapi-problems.js';
import { MoveWorld } from '../harness/move-world.js';
import { PayloadSchemas } from '../harness/payload-schemas.js';
import type { MigrationBody } from '../../scripts/quickstart/migration-body.js';
import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';

const SOURCE = '/billing/observed';
type Which = 'binary' | 'structured' | 'approved' | 'tooLong' | 'cancelled';

let world: MoveWorld | undefined;
let sender: RecordSender | undefined;
let tenants: Record<Which, SampleTenant>;
const requestIds = { binary: randomUUID(), structured: randomUUID() };
const ids: Record<Which, string> = {
  binary: migrationIdOf(requestIds.binary),
  structured: migrationIdOf(requestIds.structured),
  approved: '',
  tooLong: '',
  cancelled: '',
};
const bodies = new Map<Which, MigrationBody>();
let records: readonly IncomingRecord[];
let exported: string;
/** While one of them waited for its approval. */
let waitingMetrics: string;

function given(): MoveWorld {
  if (world === undefined) throw new Error('the world did not start');
  return world;
}

function migrationIdOf(requestId: string): string {
  return uuidV5(uuidV5(REHOME_NAMESPACE, SOURCE), requestId);
}

/** As a service in Node would ask: nothing but the package of the CloudEvents project. */
async function publish(mode: 'binary' | 'structured', { instanceId }: SampleTenant): Promise<void> {
  const event = new CloudEvent({
    id: requestIds[mode],
    source: SOURCE,
    type: 'rehome.request',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    partitionkey: instanceId,
    data: { kind: 'upgrade', instanceId, toPlan: 'premium' },
  });
  const { key, value, headers } = Kafka[mode](event) as { key: string; value: unknown; headers: object };
  const given = Object.entries(headers).filter(([, text]) => text !== undefined) as [string, string][];
  await sender?.send([
    {
      topic: REQUESTS_TOPIC,
      key,
      value: typeof value === 'string' ? value : JSON.stringify(value),
      headers: Object.fromEntries(given),
    },
  ]);
}

async function keep(which: Which): Promise<void> {
  bodies.set(which, await given().ended(ids[which]));
}

/** The projection is a moment behind. */
async function metricsWith(...lines: readonly string[]): Promise<string> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const metrics = await (await given().planner.raw('GET', '/metrics')).text();
    if (lines.every((line) => metrics.includes(line)) || Date.now() > deadline) return metrics;
  }
}

async function moveEverything(): Promise<void> {
  // One retry, for whoever comes first.
  await given().provisionerFaults({ status500: 1 });
  await publish('binary', tenants.binary);
  await publish('structured', tenants.structured);
  ids.approved = await given().upgrade(tenants.approved, { approval: 'required' });
  ids.cancelled = await given().upgrade(tenants.cancelled, { approval: 'required' });
  ids.tooLong = await given().upgrade(tenants.tooLong, { maxDowntimeMs: 1 });
  const waits = await given().until(ids.approved, ({ status }) => status === 'awaiting-approval');
  await given()
    .plannerAs('approver')
    .call('POST', `/v1/migrations/${ids.approved}/approve`, { planHash: waits.planHash });
  await given().until(ids.cancelled, ({ status }) => status === 'awaiting-approval');
  waitingMetrics = await metricsWith('rehome_migrations_open{kind="upgrade",status="awaiting-approval"} 1\n');
  await given().planner.call('POST', `/v1/migrations/${ids.cancelled}/cancel`, { reason: 'changed our minds' });
  for (const which of ['binary', 'structured', 'approved', 'cancelled', 'tooLong'] as const) await keep(which);
}

/** All of the ledger, once Kafka holds all of it, too. */
async function readEverything(): Promise<void> {
  exported = await (await given().planner.raw('GET', '/v1/audit/events')).text();
  const lines = exported.trimEnd().split('\n').length;
  const deadline = Date.now() + 30_000;
  do records = await readTopic(given().kafka(), EVENTS_TOPIC);
  while (records.length < lines && Date.now() < deadline);
}

beforeAll(async () => {
  // Five moves at once on a busy machine: a lease that ran out would count as a retry.
  world = await MoveWorld.start({ executorEnv: { REHOME_LEASE_TTL_MS: '30000' } });
  sender = new RecordSender(world.kafka());
  const [binary, structured, approved, tooLong, cancelled] = await Promise.all([
    world.tenant(),
    world.tenant(),
    world.tenant(),
    world.tenant(),
    world.tenant(),
  ]);
  tenants = { binary, structured, approved, tooLong, cancelled };
  await moveEverything();
  await readEverything();
}, 300_000);

afterAll(async () => {
  await sender?.close();
  await world?.stop();
}, 60_000);

function headersOf({ headers }: IncomingRecord): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function nameOf(record: IncomingRecord): string {
  return (headersOf(record)['ce_type'] ?? '').split('.')[1] ?? '';
}

describe('the CloudEvents package', () => {
  it.each(['binary', 'structured'] as const)('asks in %s mode and is understood', (mode) => {
    expect(bodies.get(mode)).toMatchObject({ status: 'completed', requestedBy: `source:${SOURCE}` });
  });

  it('reads every record of the events topic: attributes, extensions and data', () => {
    expect(records.length).toBeGreaterThan(100);
    for (const record of records) {
      const headers = headersOf(record);
      const key = record.key?.toString() ?? '';
      const data = JSON.parse(record.value?.toString() ?? '') as JsonObject;
      const message = { key, value: record.value?.toString() ?? '', headers, body: '' };
      const event = Kafka.toEvent(message) as CloudEvent<JsonObject>;
      expect(event.validate()).toBe(true);
      expect(event).toMatchObject({
        specversion: '1.0',
        id: headers['ce_id'],
        type: `rehome.${nameOf(record)}.v1`,
        source: headers['ce_source'],
        subject: headers['ce_subject'],
        datacontenttype: 'application/json',
        partitionkey: key,
        correlationid: headers['ce_correlationid'],
        data,
      });
    }
  });
});

describe('/asyncapi.json of a running planner', () => {
  it('is valid, and allows every event that really happened, to the last field', async () => {
    const document = await given().planner.call<JsonObject>('GET', '/asyncapi.json');
    expect(await asyncApiProblems(document)).toEqual([]);
    const schemas = new PayloadSchemas(document);
    const problems = records.flatMap((record) => {
      const metadata: unknown = JSON.parse(headersOf(record)['ce_metadata'] ?? '');
      const data: unknown = JSON.parse(record.value?.toString() ?? '');
      return [...schemas.problems(nameOf(record), data), ...schemas.problems('EventMetadata', metadata)];
    });
    expect([...new Set(problems)]).toEqual([]);
    const seen = new Set(records.map(nameOf));
    expect([...seen].sort()).toEqual(
      expect.arrayContaining([
        'InstanceMoved',
        'MigrationCancelled',
        'MigrationRolledBack',
        'PlanApproved',
        'StepUndone',
      ]),
    );
  });

  it('names the headers that records really carry', async () => {
    const { components } = await given().planner.call<{ components: { messages: Record<string, HeaderSchema> } }>(
      'GET',
      '/asyncapi.json',
    );
    for (const record of records) {
      const { properties = {}, required = [] } = components.messages[nameOf(record)]?.headers ?? {};
      const carried = Object.keys(record.headers);
      expect(carried.filter((name) => !(name in properties))).toEqual([]);
      expect(required.filter((name) => !carried.includes(name))).toEqual([]);
    }
  });
});

interface HeaderSchema {
  readonly headers?: { readonly properties: object; readonly required: readonly string[] };
}

describe('the metrics', () => {
  it('tell which migrations are open, and for how long nothing has happened to them', () => {
    expect(waitingMetrics).toContain('rehome_migrations_open{kind="upgrade",status="awaiting-approval"} 1');
    expect(waitingMetrics).toMatch(/rehome_migrations_waiting_seconds\{status="awaiting-approval"\} \d/);
  });

  it('tell in the end how many ended how, how long applications were down, and that nothing is open', async () => {
    const text = await metricsWith(
      'rehome_migrations_total{kind="upgrade",status="completed"} 3\n',
      'rehome_migrations_total{kind="upgrade",status="rolled-back"} 1\n',
    );
    expect(text).toContain('rehome_migrations_total{kind="upgrade",status="completed"} 3');
    expect(text).toContain('rehome_downtime_seconds_count{kind="upgrade",status="completed"} 3');
    expect(text).toContain('rehome_downtime_seconds_count{kind="upgrade",status="rolled-back"} 1');
    expect(text).not.toContain('rehome_migrations_open{');
    expect(text).toMatch(/rehome_cursor_lag_seconds\{cursor="relay"\} \d/);
  });
});

/** As docs/analysts.md says, and with nothing of ours. */
function firstBroken(text: string): string | undefined {
  const fields = ['ledgerId', 'position', 'stream', 'streamVersion', 'eventId', 'type', 'schemaVersion', 'recordedAt'];
  let before = '0'.repeat(64);
  for (const line of text.trimEnd().split('\n')) {
    const event = JSON.parse(line) as Record<string, string>;
    const digest = createHash('sha256').update(Buffer.from(event['prevHash'] ?? '', 'hex'));
    for (const field of [...fields, 'dataText', 'metadataText']) {
      const bytes = Buffer.from(String(event[field]));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      digest.update(length).update(bytes);
    }
    if (event['prevHash'] !== before || digest.digest('hex') !== event['hash']) return event['position'];
    before = event['hash'];
  }
  return undefined;
}

function hasPython(): boolean {
  return spawnSync('python3', ['--version']).status === 0;
}

describe('an export of the ledger', () => {
  it('verifies with a small program written from the page alone', () => {
    expect(exported.trimEnd().split('\n').length).toBeGreaterThan(100);
    expect(firstBroken(exported)).toBeUndefined();
  });

  it('shows the position at which somebody changed a word', () => {
    const lines = exported.trimEnd().split('\n');
    const at = lines.findIndex((line) => line.includes('changed our minds'));
    const changed = lines.with(at, (lines[at] ?? '').replaceAll('changed our minds', 'changed our plans'));
    expect(firstBroken(changed.join('\n'))).toBe(String(at + 1));
    expect(firstBroken(lines.toSpliced(at, 1).join('\n'))).toBe(String(at + 2));
  });

  (hasPython() ? it : it.skip)('verifies with the program that the page shows', () => {
    const page = readFileSync('docs/analysts.md', 'utf8');
    const program = /```python\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    // It ends at the first broken line, so the rest of its input may find the pipe closed: only its answer counts.
    const run = (input: string) => spawnSync('python3', ['-c', program], { input, encoding: 'utf8' });
    const { hash } = JSON.parse(exported.trimEnd().split('\n').at(-1) ?? '{}') as { hash: string };
    expect(run(exported)).toMatchObject({ status: 0, stdout: `verified up to ${hash}\n` });
    const altered = run(exported.replaceAll('changed our minds', 'changed our plans'));
    expect(altered).toMatchObject({ status: 1, stderr: expect.stringContaining('AssertionError') });
  });
});

/** Queries of docs/analysts.md by their heading. */
function pageQueries(): Map<string, string> {
  const page = readFileSync('docs/analysts.md', 'utf8');
  const sections = page.split('\n## ').slice(1);
  return new Map(
    sections.flatMap((section) => {
      const sql = /```sql\n([\s\S]*?)```/.exec(section)?.[1];
      return sql === undefined ? [] : [[section.split('\n', 1)[0] ?? '', sql] as const];
    }),
  );
}

type Row = Readonly<Record<string, unknown>>;

/** As psql would, with its variables, as `rehome_analyst`. */
async function analyse(heading: string, variables: Readonly<Record<string, string>> = {}): Promise<Row[]> {
  const sql = pageQueries().get(heading);
  if (sql === undefined) throw new Error(`docs/analysts.md has no query "${heading}"`);
  const text = sql.replaceAll(/:'(\w+)'/g, (_all, name: string) => pg.escapeLiteral(variables[name] ?? ''));
  const client = new pg.Client(given().stack.ledgerUrls.analystUrl);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

function rowOf(rows: readonly Row[], which: Which): Row | undefined {
  return rows.find((row) => row['migration_id'] === ids[which]);
}

describe('docs/analysts.md', () => {
  it('has ten queries, and each of them runs as rehome_analyst', async () => {
    expect(pageQueries().size).toBe(10);
    for (const heading of pageQueries().keys())
      await analyse(heading, { at: new Date().toISOString(), database: 'nothing' });
  });

  it('tells the downtime of each migration', async () => {
    const rows = await analyse('Downtime per migration');
    expect(Number(rowOf(rows, 'binary')?.['downtime_s'])).toBeCloseTo(
      (bodies.get('binary')?.downtimeMs ?? 0) / 1000,
      0,
    );
    expect(rowOf(rows, 'tooLong')).toMatchObject({ status: 'rolled-back' });
  });

  it('tells who approved what', async () => {
    const rows = await analyse('Who approved what');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ migration_id: ids.approved, of_this_plan: true });
    expect(rows[0]?.['approved_by']).not.toBe(rows[0]?.['requested_by']);
  });

  it('tells of retries and failures, with their codes', async () => {
    const retries = await analyse('Retries');
    expect(retries).toMatchObject([{ kind: 'provision-server', attempts: 2, taken_over: '0', status: 'succeeded' }]);
    const failures = await analyse('Failures by code');
    const codes = retries.flatMap((row) => row['failed_with'] as string[]);
    expect(failures.filter(({ code }) => codes.includes(String(code)))).toMatchObject([
      { failures: '1', for_good: '0' },
    ]);
  });

  it('tells which steps take longest, in order', async () => {
    const rows = await analyse('Longest steps');
    const longest = rows.map((row) => Number(row['longest_ms']));
    expect(longest).toEqual([...longest].sort((one, other) => other - one));
    expect(rows.find(({ kind }) => kind === 'inspect-move')).toMatchObject({ runs: '5' });
  });

  it('counts what was asked for today', async () => {
    const rows = await analyse('Daily volume');
    const sum = (column: string): number => rows.reduce((all, row) => all + Number(row[column]), 0);
    expect({ requests: sum('requests'), completed: sum('completed'), open: sum('open') }).toEqual({
      requests: 5,
      completed: 3,
      open: 0,
    });
    expect([sum('rolled_back'), sum('not_done')]).toEqual([1, 1]);
  });

  it('tells where every tenant lived, before the moves and after', async () => {
    const requestedAt = (await given().events(ids.binary))[0]?.recordedAt ?? '';
    const { instanceId } = tenants.binary;
    const at = async (time: string): Promise<Row | undefined> =>
      (await analyse('Where every tenant lived at a time', { at: time })).find(
        (row) => row['instance_id'] === instanceId,
      );
    expect(await at(requestedAt)).toMatchObject({ server: 'pool-2', db_type: 'shared', moved_by: null });
    expect(await at(new Date().toISOString())).toMatchObject({ db_type: 'dedicated' });
  });

  it('tells how long people waited', async () => {
    const rows = await analyse('From request to completion');
    expect(rows.map((row) => row['migration_id']).sort()).toEqual(Object.values(ids).sort());
    expect(rowOf(rows, 'binary')?.['until_approval']).toBeNull();
    expect(rowOf(rows, 'approved')?.['until_approval']).not.toBeNull();
  });

  it('shows the evidence of each finished move', async () => {
    const rows = await analyse('Verification evidence');
    expect(rows.map((row) => row['migration_id']).sort()).toEqual([ids.binary, ids.structured, ids.approved].sort());
    for (const row of rows) expect(row).toMatchObject({ mismatches: 0, content_digest: expect.any(String) });
    expect(Number(rowOf(rows, 'binary')?.['rows'])).toBeGreaterThan(1_000);
  });

  it('tells everything that was done to a database, in order', async () => {
    const { database } = tenants.cancelled.instance;
    const rows = await analyse('Audit trail of a database', { database });
    const actions = rows.map((row) => String(row['action']));
    expect(actions[0]).toBe('InstanceRegistered');
    expect(actions).toEqual(expect.arrayContaining(['MigrationRequested', 'PlanCompiled', 'MigrationCancelRequested']));
    expect(actions.at(-1)).toBe('MigrationCancelled');
  });
});
