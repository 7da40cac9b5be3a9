import type { SettingEntry } from './setting-entry.js';

const PLANNER = ['planner'] as const;

/** What only the planner reads. */
export const PLANNER_SETTINGS = {
  plannerHost: {
    name: 'REHOME_PLANNER_HOST',
    type: 'text',
    default: '127.0.0.1',
    usedBy: PLANNER,
    description: 'Address the planner listens on',
  },
  plannerPort: {
    name: 'REHOME_PLANNER_PORT',
    type: 'integer',
    default: '8400',
    minimum: 0,
    usedBy: PLANNER,
    description: 'Port the planner listens on; 0 takes a free one',
  },
  cataloguePath: {
    name: 'REHOME_CATALOGUE',
    type: 'text',
    optional: true,
    usedBy: PLANNER,
    description: 'A `catalogue.yaml` that seeds the registry with what the ledger does not hold yet',
  },
  apiKeys: {
    name: 'REHOME_API_KEYS',
    type: 'list',
    default: '',
    secret: true,
    orFile: true,
    usedBy: PLANNER,
    description:
      'API keys to add at start, `name:role:sha256-of-the-key` separated by commas; a known name gets the new hash',
  },
  signingKey: {
    name: 'REHOME_SIGNING_KEY',
    type: 'text',
    optional: true,
    secret: true,
    usedBy: PLANNER,
    description: 'Ed25519 key that signs commands, PKCS#8 as PEM; or give REHOME_SIGNING_KEY_FILE',
  },
  signingKeyFile: {
    name: 'REHOME_SIGNING_KEY_FILE',
    type: 'text',
    optional: true,
    usedBy: PLANNER,
    description: 'File that holds the key that signs commands, as PEM, mode 0600',
  },
  bodyLimitBytes: {
    name: 'REHOME_BODY_LIMIT_BYTES',
    type: 'integer',
    unit: 'bytes',
    default: '1048576',
    minimum: 1024,
    usedBy: PLANNER,
    description: 'Largest request body',
  },
  dryRunWaitMs: {
    name: 'REHOME_DRY_RUN_WAIT_MS',
    type: 'integer',
    unit: 'ms',
    default: '30000',
    minimum: 0,
    usedBy: PLANNER,
    description: 'How long POST /v1/plans waits for the plan before it answers 202',
  },
  backupKeepManual: {
    name: 'REHOME_BACKUP_KEEP_MANUAL',
    type: 'integer',
    default: '10',
    minimum: 0,
    usedBy: PLANNER,
    description: 'Backups of tier `manual` that a clean-up leaves of each database, where it does not say itself',
  },
  backupKeepDaily: {
    name: 'REHOME_BACKUP_KEEP_DAILY',
    type: 'integer',
    default: '7',
    minimum: 0,
    usedBy: PLANNER,
    description: 'Backups of tier `daily` that a clean-up leaves of each database, where it does not say itself',
  },
  backupKeepWeekly: {
    name: 'REHOME_BACKUP_KEEP_WEEKLY',
    type: 'integer',
    default: '5',
    minimum: 0,
    usedBy: PLANNER,
    description: 'Backups of tier `weekly` that a clean-up leaves of each database, where it does not say itself',
  },
  backupKeepMonthly: {
    name: 'REHOME_BACKUP_KEEP_MONTHLY',
    type: 'integer',
    default: '12',
    minimum: 0,
    usedBy: PLANNER,
    description: 'Backups of tier `monthly` that a clean-up leaves of each database, where it does not say itself',
  },
  readerLeaseTtlMs: {
    name: 'REHOME_READER_LEASE_TTL_MS',
    type: 'integer',
    unit: 'ms',
    default: '15000',
    minimum: 500,
    usedBy: PLANNER,
    description:
      'Lease of a reader of the ledger (relay, process manager, projections): after its holder died another takes over within this time',
  },
} as const satisfies Readonly<Record<string, SettingEntry>>;
