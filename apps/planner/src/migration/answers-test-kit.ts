import type { ResultOf, StepKind } from '#shared/contracts/steps/step-kinds.js';
import { FACTS } from '../planning/upgrade-test-kit.js';

const SERVER = {
  name: 'dedicated-7',
  host: '10.0.0.7',
  port: 6432,
  adminUser: 'admin',
  adminSecretRef: 'vault:dedicated-7',
};

/** What an executor answers to each step of the example move when all goes well. */
export const ANSWERS: { readonly [K in StepKind]: ResultOf<K> } = {
  'inspect-move': FACTS,
  'describe-plan': { steps: [] },
  'provision-server': {
    server: SERVER,
    role: 'acme_7',
    roleSecretRef: 'vault:acme-7',
    knownToRegistry: false,
  },
  'preflight-target': { checks: [], serverVersion: 180004 },
  'capture-source': {
    owner: 'acme_app',
    connectionLimit: -1,
    allowConnections: true,
    acl: null,
    enabledSubscriptions: [],
  },
  'create-database': { workingName: 'acme__r0193a1b2_1', createdRoles: ['acme_7'] },
  'stop-service': { stateBefore: 'running', confirmedState: 'stopped' },
  'fence-source': { method: 'ownership-and-limit', terminatedSessions: 2, refused: [], lsn: '0/16B3748' },
  'dump-database': {
    backupId: '7d9f0a52-1111-4222-8333-444455556666',
    label: 'pre_migration',
    bytes: '9000000',
    files: 24,
    manifestHash: 'ab'.repeat(32),
    toolVersion: '15.13',
  },
  'restore-database': { backupId: '7d9f0a52-1111-4222-8333-444455556666', items: 210 },
  'apply-privileges': { statements: 31 },
  'copy-settings': { settings: ['acme: search_path'] },
  'verify-copy': {
    tables: 21,
    rows: '412000',
    sequences: 19,
    largeObjects: 3,
    objects: 240,
    mismatches: 0,
    contentDigest: 'cd'.repeat(32),
    structureDigest: 'ef'.repeat(32),
    largest: [],
  },
  'publish-database': { database: 'acme' },
  'edit-config': {
    path: '/etc/odoo/acme.conf',
    changedKeys: ['db_host', 'db_port', 'db_user', 'db_password'],
    hashBefore: '1',
    hashAfter: '2',
    hostBefore: 'pool-2.internal',
    hostAfter: '10.0.0.7',
  },
  'set-environment': { variables: ['HOST', 'USER', 'PASSWORD'] },
  'resize-service': { resources: { cpu: 4 } },
  'start-service': { state: 'running', healthyAfterMs: 900 },
  'verify-connections': { old: 0, new: 4, states: { idle: 4 }, serviceState: 'running' },
  'retire-source': { retiredName: 'acme__retired_0193a1b2', evidence: {} },
};
