import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { EventTypes, NewEvent } from '../contracts/events.js';
import type { MigrationId, StreamId } from '../contracts/ids.js';
import { healthStream, instanceStream, intakeStream, migrationStream, registryStream } from '../contracts/streams.js';
import { aStepStream, createTestLedger, newMigrationId, type TestLedger } from '../../../../test/harness/ledger.js';

let ledger: TestLedger;

beforeAll(async () => {
  ledger = await createTestLedger();
});

afterAll(async () => {
  await ledger.close();
});

function analyse(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  return ledger.query(text, values, ledger.urls.analystUrl);
}

type Data = Readonly<Record<string, unknown>>;

/** Appends one event after another, each with only the fields that the views read. */
async function happened(stream: StreamId, ...events: readonly (readonly [keyof EventTypes, Data])[]): Promise<void> {
  const service = /^(?:step|health)-/.test(stream) ? ledger.executor : ledger.planner;
  for (const [type, data] of events) {
    const metadata = { correlationId: 'request-1', causationId: 'request-1', actor: 'key:alice' };
    const event = { eventId: randomUUID(), type, schemaVersion: 1, data, metadata } as unknown as NewEvent;
    await service.writer.append({ appends: [{ stream, expected: 'any', events: [event] }], effects: [] });
  }
}

const REQUESTED = {
  kind: 'upgrade',
  subject: 'instance:1',
  title: 'upgrade of acme',
  dryRun: false,
  requestedBy: 'key:alice',
  request: {},
};
const because = { code: 'VERIFICATION_FAILED', detail: 'rows differ' };

async function requested(more: Data = {}): Promise<MigrationId> {
  const migrationId = newMigrationId();
  await happened(migrationStream(migrationId), ['MigrationRequested', { ...REQUESTED, migrationId, ...more }]);
  return migrationId;
}

async function statusOf(migrationId: MigrationId): Promise<unknown> {
  const [row] = await analyse('select status from migrations where migration_id = $1', [migrationId]);
  return row?.['status'];
}

describe('what an analyst may do', () => {
  test('is to select from the five views', async () => {
    const names = await analyse(
      `select table_name from information_schema.tables where table_schema = 'analytics' order by 1`,
    );
    expect(names.map((row) => row['table_name'])).toEqual([
      'audit_trail',
      'events',
      'instances',
      'migrations',
      'steps',
    ]);
    for (const { table_name: name } of names) await analyse(`select * from analytics.${String(name)} limit 1`);
  });

  test.each([
    'select * from ledger.event',
    'select * from ledger.head',
    'select * from executor.step_run',
    'select * from executor.vault',
    'select * from planner.api_key',
    'select * from executor.step_progress',
    `select * from ledger.append(0, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')`,
    `select ledger.hold('x')`,
    'select ledger.resume()',
    'insert into analytics.events (position) values (1)',
    'create table public.x (a int)',
    'create temp table x (a int)',
    'create schema x',
    'set role rehome_planner',
  ])('is not: %s', async (statement) => {
    const writable = `set transaction_read_only = off; ${statement}`;
    await expect(analyse(writable)).rejects.toMatchObject({ code: '42501' });
  });

  test('is not for the other services: they read no views, and only their own tables', async () => {
    for (const url of [ledger.urls.plannerUrl, ledger.urls.executorUrl]) {
      await expect(ledger.query('select * from analytics.events', [], url)).rejects.toMatchObject({ code: '42501' });
    }
    const foreign = [
      ['select * from executor.step_run', ledger.urls.plannerUrl],
      ['select * from executor.vault', ledger.urls.plannerUrl],
      ['select * from planner.api_key', ledger.urls.executorUrl],
      [`insert into executor.step_run (migration_id) values (gen_random_uuid())`, ledger.urls.executorUrl],
      [`update executor.step_run set fence = 9`, ledger.urls.executorUrl],
      ['select ledger.resume()', ledger.urls.plannerUrl],
    ] as const;
    for (const [statement, url] of foreign) {
      await expect(ledger.query(statement, [], url)).rejects.toMatchObject({ code: '42501' });
    }
    await ledger.query('select * from executor.step_progress', [], ledger.urls.plannerUrl);
  });
});

describe('the views', () => {
  test('have exactly the documented columns', async () => {
    const page = readFileSync(new URL('../../../../docs/reference/ledger.md', import.meta.url), 'utf8');
    const documented = page
      .split('\n### ')
      .slice(1)
      .flatMap((part) => {
        const columns = [...part.matchAll(/^\| `(\w+)` +\| (\w+)/gm)];
        return columns.map(([, column, type]) => [part.split('\n')[0], column, type].join(' '));
      });
    const actual = await analyse(`
      select c.relname || ' ' || a.attname || ' ' || replace(format_type(a.atttypid, null), 'timestamp with time zone', 'timestamptz') as line
      from pg_attribute as a join pg_class as c on c.oid = a.attrelid
      where c.relnamespace = 'analytics'::regnamespace and a.attnum > 0
    `);
    expect(documented.sort()).toEqual(actual.map((row) => row['line']).sort());
  });

  test('show every event with who and why', async () => {
    const id = await requested();
    const [event] = await analyse('select * from events where migration_id = $1', [id]);
    expect(event).toMatchObject({
      stream: `migration-${id}`,
      stream_version: '1',
      type: 'MigrationRequested',
      actor: 'key:alice',
      correlation_id: 'request-1',
      data: { subject: 'instance:1' },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await analyse('select * from audit_trail where position = $1', [event?.['position']])).toMatchObject([
      { table_name: 'migrations', record_id: id, actor: 'key:alice', action: 'MigrationRequested', migration_id: id },
    ]);
  });

  test.each<[string, (readonly [keyof EventTypes, Data])[], Data?]>([
    ['requested', []],
    ['scheduled', [['MigrationScheduled', {}]]],
    ['inspecting', [['StepCommanded', { stepId: 'inspect' }]]],
    ['refused', [['PlanRefused', { reasons: [because] }]]],
    [
      'migrating',
      [
        ['PlanCompiled', { planHash: 'h' }],
        ['StepCommanded', { stepId: 'stop', direction: 'run' }],
      ],
    ],
    ['awaiting-approval', [['PlanCompiled', { planHash: 'h' }]], { request: { options: { approval: 'required' } } }],
    ['migrating', [['PlanCompiled', { plan: { steps: [] } }]], { request: { options: { approval: 'required' } } }],
    [
      'awaiting-approval',
      [['PlanCompiled', { planHash: 'h', approval: { policies: ['production'], fourEyes: true } }]],
    ],
    ['migrating', [['PlanCompiled', { planHash: 'h', approval: { policies: [], fourEyes: false } }]], { dryRun: true }],
    [
      'migrating',
      [
        ['PlanCompiled', { planHash: 'h', approval: { policies: ['production'], fourEyes: false } }],
        ['PlanApproved', {}],
      ],
    ],
    [
      'migrating',
      [
        ['PlanCompiled', { planHash: 'h' }],
        ['PlanApproved', {}],
      ],
      { request: { options: { approval: 'required' } } },
    ],
    [
      'paused',
      [
        ['PlanCompiled', { planHash: 'h' }],
        ['MigrationPaused', {}],
        ['RollbackRequested', {}],
      ],
    ],
    [
      'migrating',
      [
        ['PlanCompiled', { planHash: 'h' }],
        ['MigrationPaused', {}],
        ['MigrationResumed', {}],
      ],
    ],
    [
      'compensating',
      [
        ['PlanCompiled', { planHash: 'h' }],
        ['CompensationStarted', { because }],
      ],
    ],
    [
      'rolled-back',
      [
        ['CompensationStarted', { because }],
        ['MigrationRolledBack', { because }],
      ],
    ],
    ['cancelled', [['MigrationCancelled', {}]]],
    [
      'halted',
      [
        ['PlanCompiled', { planHash: 'h' }],
        ['StepRetryRequested', {}],
        ['MigrationHalted', { because }],
      ],
    ],
    [
      'migrating',
      [
        ['PlanCompiled', { planHash: 'h' }],
        ['MigrationHalted', { because }],
        ['StepRetryRequested', {}],
      ],
    ],
    [
      'compensating',
      [
        ['PlanCompiled', { planHash: 'h' }],
        ['CompensationStarted', { because }],
        ['MigrationHalted', { because }],
        ['StepResolved', {}],
      ],
    ],
    [
      'completed',
      [
        ['PlanCompiled', { planHash: 'h' }],
        ['MigrationCompleted', { downtimeMs: 9 }],
      ],
    ],
  ])('show a migration as %s after %j', async (status, events, ...[more]) => {
    const id = await requested(more);
    await happened(migrationStream(id), ...events);
    expect(await statusOf(id)).toBe(status);
  });

  test('show how a migration ended', async () => {
    const id = await requested();
    await happened(
      migrationStream(id),
      ['PlanCompiled', { planHash: 'h' }],
      ['PointOfNoReturnPassed', {}],
      ['MigrationCompleted', { downtimeMs: 4200, result: { certificate: 1 } }],
    );
    expect(await analyse('select * from migrations where migration_id = $1', [id])).toMatchObject([
      {
        kind: 'upgrade',
        subject: 'instance:1',
        dry_run: false,
        requested_by: 'key:alice',
        plan_hash: 'h',
        downtime_ms: '4200',
        point_of_no_return_passed: true,
        result: { certificate: 1 },
        failure_code: null,
        finished_at: expect.any(Date),
      },
    ]);
  });

  test('show each commanded run of a step with its attempts and its failure', async () => {
    const id = newMigrationId();
    const run = { migrationId: id, stepId: 'stop-service', direction: 'run', generation: 1, kind: 'stop-service' };
    await happened(migrationStream(id), ['StepCommanded', run], ['StepCommanded', { ...run, generation: 2 }]);
    const failure = { code: 'SERVICE_REFUSED', detail: 'no' };
    await happened(
      aStepStream(id),
      ['StepAccepted', run],
      ['StepStarted', { ...run, attempt: 1, owner: 'executor-1' }],
      ['StepFailed', { ...run, attempt: 1, failure, final: false }],
      ['StepStarted', { ...run, attempt: 2, owner: 'executor-2' }],
      ['StepSucceeded', { ...run, attempt: 2, durationMs: 12 }],
    );
    expect(await analyse('select * from steps where migration_id = $1 order by generation', [id])).toMatchObject([
      {
        step_id: 'stop-service',
        direction: 'run',
        generation: 1,
        status: 'succeeded',
        attempts: 2,
        owner: 'executor-2',
        error_code: 'SERVICE_REFUSED',
        duration_ms: '12',
        finished_at: expect.any(Date),
      },
      { generation: 2, status: 'commanded', attempts: 0, owner: null, started_at: null },
    ]);
  });

  test('show a tenant where it lives now', async () => {
    const instanceId = randomUUID();
    const moved = { migrationId: newMigrationId(), plan: 'premium' };
    await happened(
      instanceStream(instanceId),
      [
        'InstanceRegistered',
        {
          instanceId,
          plan: 'basic',
          server: 'pool-2',
          database: 'acme',
          owner: 'acme',
          service: 's',
          dbType: 'shared',
        },
      ],
      [
        'InstanceMoved',
        { instanceId, ...moved, to: { dbServerId: 'd-7', host: 'h', port: 5433, dbType: 'dedicated' } },
      ],
    );
    await happened(registryStream('server', 'pool-2'), ['ServerRegistered', { name: 'pool-2' }]);
    expect(await analyse('select * from instances where instance_id = $1', [instanceId])).toMatchObject([
      {
        plan: 'premium',
        server: 'd-7',
        host: 'h',
        port: 5433,
        db_type: 'dedicated',
        database: 'acme',
        moved_by: moved.migrationId,
      },
    ]);
    expect(await analyse(`select record_id from audit_trail where table_name = 'servers'`)).toEqual([
      { record_id: 'pool-2' },
    ]);
  });

  test('name what an event is about, whatever the name holds', async () => {
    await happened(registryStream('policy', 'eu:production'), ['PolicySet', { name: 'eu:production' }]);
    await happened(healthStream('shop'), ['HealthChanged', { subject: 'project:shop', healthy: true }]);
    await happened(intakeStream('invoice-1'), ['CommandRejected', { requestId: 'invoice-1' }]);
    const trail = await analyse(
      `select table_name, record_id from audit_trail where action in ('PolicySet', 'HealthChanged', 'CommandRejected')
        order by position`,
    );
    expect(trail).toEqual([
      { table_name: 'policies', record_id: 'eu:production' },
      { table_name: 'health', record_id: 'shop' },
      { table_name: 'requests', record_id: 'invoice-1' },
    ]);
  });
});
