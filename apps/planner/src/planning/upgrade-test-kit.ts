import type { JsonObject } from '#shared/contracts/json.js';
import type { ServerDefinition, ServiceDefinition } from '#shared/contracts/registry.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { InspectMoveResult } from '#shared/contracts/steps/inspection-steps.js';
import type { RecipeRequest } from './recipe.js';
import type { UpgradeRegistry } from './upgrade-registry.js';

/** One tenant on a shared server, for the specs of planning and deciding. */
export const MIGRATION_ID = '0193a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b';

const SOURCE: ServerDefinition = {
  name: 'pool-2',
  host: 'pool-2.internal',
  port: 5432,
  adminUser: 'postgres',
  adminSecretRef: 'env:POOL_2_PASSWORD',
};

export const SERVICE: ServiceDefinition = {
  name: 'odoo-acme-46784872',
  control: { driver: 'http', url: 'http://control.internal/odoo-acme-46784872' },
  configFiles: [
    {
      path: '/etc/odoo/acme.conf',
      format: 'ini',
      section: 'options',
      keys: { host: 'db_host', port: 'db_port', user: 'db_user', password: 'db_password' },
    },
  ],
  environment: { host: 'HOST', user: 'USER', password: 'PASSWORD' },
};

export const REGISTRY: UpgradeRegistry = {
  instance: {
    instanceId: '46784872-aaaa-4bbb-8ccc-0123456789ab',
    plan: 'basic',
    server: 'pool-2',
    database: 'acme',
    owner: 'acme_app',
    service: 'odoo-{database}-{instanceId8}',
    dbType: 'shared',
    secretRef: 'env:ACME_PASSWORD',
  },
  source: SOURCE,
  service: SERVICE,
  entitlements: {
    from: { plan: 'basic', cpu: 1, memory: '1Gi' },
    to: { plan: 'premium', dbType: 'dedicated', cpu: 4, memory: '8Gi', storage: '100Gi' },
  },
  servers: [SOURCE],
};

export const FACTS = {
  checks: [{ name: 'source-privileges', severity: 'error', passed: true, found: 'everything that is needed' }],
  database: {
    serverVersion: 150018,
    owner: 'acme_app',
    encoding: 'UTF8',
    collate: 'C.UTF-8',
    ctype: 'C.UTF-8',
    localeProvider: 'c',
    sizeBytes: '61000000',
    tables: 21,
    estimatedRows: '412000',
    sequences: 19,
    largeObjects: 3,
    extensions: [{ name: 'pg_trgm', version: '1.6', schema: 'public' }],
    roles: [],
    fingerprint: 'f1'.repeat(32),
  },
  tools: { major: 15, version: '15.13' },
} as const satisfies InspectMoveResult;

/** A request as intake writes it; `registry` changes parts of the snapshot. */
export function upgradeRequest(registry: Partial<UpgradeRegistry> = {}, options: JsonObject = {}): RecipeRequest {
  return {
    migrationId: MIGRATION_ID,
    title: 'upgrade of acme to premium',
    request: { kind: 'upgrade', instanceId: REGISTRY.instance.instanceId, toPlan: 'premium', options },
    registry: asJsonObject({ ...REGISTRY, ...registry }),
  };
}
