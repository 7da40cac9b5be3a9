import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { METRICS } from '#shared/observability/metrics.js';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';

interface Operation {
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly required?: readonly string[]; readonly properties?: object }>>;
    readonly securitySchemes: object;
  };
}

const ROUTES = [
  'GET /v1/entitlements',
  'GET /v1/instances',
  'GET /v1/servers',
  'GET /v1/services',
  'GET /v1/sources',
  'GET /v1/sources/{name}',
  'PUT /v1/sources/{name}',
  'GET /v1/policies',
  'GET /v1/policies/{name}',
  'GET /v1/projects',
  'GET /v1/projects/{name}',
  'GET /v1/projects/{name}/health',
  'GET /v1/projects/{name}/history',
  'GET /v1/projects/{name}/status',
  'PUT /v1/policies/{name}',
  'PUT /v1/projects/{name}',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /v1/audit/events',
  'GET /v1/audit/state',
  'GET /v1/audit/verify',
  'GET /v1/entitlements/{plan}',
  'GET /v1/instances/{id}',
  'GET /v1/migrations',
  'GET /v1/migrations/{id}',
  'GET /v1/migrations/{id}/events',
  'GET /v1/migrations/{id}/report',
  'GET /v1/plans/{id}',
  'GET /v1/servers/{name}',
  'GET /v1/services/{name}',
  'GET /v1/backups',
  'GET /v1/backups/{id}',
  'POST /v1/backups/cleanup',
  'POST /v1/backups/{id}/promote',
  'POST /v1/backups/{id}/verify',
  'POST /v1/migrations',
  'POST /v1/migrations/{id}/approve',
  'POST /v1/migrations/{id}/cancel',
  'POST /v1/migrations/{id}/pause',
  'POST /v1/migrations/{id}/resolve',
  'POST /v1/migrations/{id}/resume',
  'POST /v1/migrations/{id}/retry',
  'POST /v1/migrations/{id}/rollback',
  'POST /v1/plans',
  'PUT /v1/entitlements/{plan}',
  'PUT /v1/instances/{id}',
  'PUT /v1/servers/{name}',
  'PUT /v1/services/{name}',
];

let rig: PlannerRig;
let document: Document;
beforeAll(async () => {
  rig = await PlannerRig.start();
  document = (await rig.call('GET', '/openapi.json', { role: 'nobody' })).json as never;
});
afterAll(() => rig?.close());

function operations(): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
}

describe('/openapi.json', () => {
  it('names every route and no other', () => {
    expect(
      operations()
        .map(([route]) => route)
        .sort(),
    ).toEqual([...ROUTES].sort());
  });

  it('tells of every route what it does, who may call it and what it answers', () => {
    for (const [route, operation] of operations()) {
      expect({ route, summary: typeof operation.summary }).toEqual({ route, summary: 'string' });
      const secured = route.includes('/v1/');
      expect({ route, secured: operation.security !== undefined }).toEqual({ route, secured });
      if (secured) expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403', '503']));
      expect(Object.keys(operation.responses).some((status) => status.startsWith('2'))).toBe(true);
    }
  });

  it('describes bodies by the classes that validate them', () => {
    const { schemas } = document.components;
    expect([...(schemas['UpgradeRequest']?.required ?? [])].sort()).toEqual(['instanceId', 'kind', 'toPlan']);
    expect([...(schemas['PutServer']?.required ?? [])].sort()).toEqual(['adminSecretRef', 'adminUser', 'host', 'port']);
    expect(Object.keys(schemas['MigrationOptions']?.properties ?? {}).sort()).toEqual([
      'approval',
      'labels',
      'maxDowntimeMs',
      'onBusy',
      'rehearse',
      'runAt',
    ]);
    expect(Object.keys(schemas['Problem']?.properties ?? {})).toEqual(
      expect.arrayContaining(['type', 'title', 'status', 'detail', 'instance', 'code', 'errors']),
    );
  });

  it('refers to nothing that it does not define', () => {
    const text = JSON.stringify(document);
    const referred = [...text.matchAll(/#\/components\/schemas\/([A-Za-z0-9_]+)/g)].map((match) => match[1] ?? '');
    expect(referred.filter((name) => document.components.schemas[name] === undefined)).toEqual([]);
  });

  it('is shown to people at /docs', async () => {
    const answer = await rig.call('GET', '/docs', { role: 'nobody' });
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
  });
});

describe('/metrics', () => {
  it('is Prometheus text with every documented metric', async () => {
    const answer = await rig.call('GET', '/metrics', { role: 'nobody' });
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/);
    for (const name of Object.keys(METRICS)) expect(answer.text).toContain(`# TYPE ${name} `);
    expect(answer.text).toMatch(
      /rehome_http_request_seconds_count\{method="GET",route="\/health\/ready",status="200"\} \d+/,
    );
    expect(answer.text).toContain('rehome_ledger_up 1');
    expect(answer.text).toMatch(/rehome_cursor_lag_positions\{cursor="process-manager"\} \d+/);
  });
});
