import type { JsonObject } from '#shared/contracts/json.js';
import {
  CE,
  CONTENT_TYPE,
  JSON_CONTENT,
  SPEC_VERSION,
  STRUCTURED_CONTENT,
} from '#shared/messaging/cloud-event-headers.js';

const TENANT = '46784872-5f3a-4c1e-9a51-0d6a2b1c9e10';
const MIGRATION = '5b6b9a6e-7f0c-5b07-8a1c-3d9a4f1e2c70';
const REQUEST_ID = 'subscription-change-8812';
const UPGRADE: JsonObject = { kind: 'upgrade', instanceId: TENANT, toPlan: 'premium' };
const FROM = { id: REQUEST_ID, source: '/billing/subscriptions', type: 'rehome.request' };

export const BINARY_REQUEST_EXAMPLE: JsonObject = {
  name: 'upgrade',
  headers: {
    [CONTENT_TYPE]: JSON_CONTENT,
    [CE.specversion]: SPEC_VERSION,
    [CE.id]: FROM.id,
    [CE.type]: FROM.type,
    [CE.source]: FROM.source,
  },
  payload: UPGRADE,
};

export const STRUCTURED_REQUEST_EXAMPLE: JsonObject = {
  name: 'upgrade',
  headers: { [CONTENT_TYPE]: STRUCTURED_CONTENT },
  payload: { specversion: SPEC_VERSION, ...FROM, datacontenttype: JSON_CONTENT, data: UPGRADE },
};

const RUN = { migrationId: MIGRATION, stepId: 'stop-service', direction: 'run', generation: 1 };

/** By name of the event: those with which others begin. */
export const EVENT_EXAMPLES: Readonly<Record<string, JsonObject>> = {
  StepCommanded: {
    ...RUN,
    kind: 'stop-service',
    version: 1,
    params: { service: { name: 'odoo-acme' } },
    timeoutMs: 120_000,
    planHash: 'b1946ac92492d2347c6235b4d2611184f3d0c5b0b7e3a1f2c7d0a5e4b3c2d1f0',
  },
  StepSucceeded: {
    ...RUN,
    attempt: 1,
    fence: 1,
    kind: 'stop-service',
    result: { stopped: true },
    durationMs: 812,
    alreadyDone: false,
  },
  MigrationCompleted: { migrationId: MIGRATION, result: { certificate: {} }, downtimeMs: 3_140 },
  CommandRejected: {
    reason: { code: 'INSTANCE_UNKNOWN', detail: 'instance nobody is not registered; PUT /v1/instances/nobody first' },
    source: FROM.source,
    requestId: REQUEST_ID,
  },
};
