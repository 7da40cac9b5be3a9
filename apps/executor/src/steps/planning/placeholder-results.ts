import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { ResultOf } from '#shared/contracts/steps/step-types.js';
import { UNKNOWN_PORT } from '../step-session.js';

/**
 * What a dry run writes for values that only a finished step knows. One entry for each kind whose result
 * feeds other steps.
 */
export const PLACEHOLDER_RESULTS: { readonly [K in StepKind]?: ResultOf<K> } = {
  'provision-server': {
    server: {
      name: '$DB_SERVER_ID',
      host: '$DB_HOST',
      port: UNKNOWN_PORT,
      adminUser: '$ADMIN_USER',
      adminSecretRef: '$ADMIN_SECRET',
    },
    role: '$DB_USER',
    roleSecretRef: '$DB_PASSWORD',
    knownToRegistry: false,
  },
  'capture-source': {
    owner: '$OWNER',
    connectionLimit: -1,
    allowConnections: true,
    acl: null,
    enabledSubscriptions: [],
  },
  'create-database': { workingName: '$WORKING_NAME', createdRoles: [] },
  'dump-database': {
    backupId: '$BACKUP_ID',
    label: 'pre_migration',
    bytes: '0',
    files: 0,
    manifestHash: '$MANIFEST_HASH',
    toolVersion: '',
  },
  'restore-file': { workingName: '$WORKING_NAME', items: 0, createdRoles: [] },
  'restore-backup': { workingName: '$WORKING_NAME', items: 0, createdRoles: [] },
  'back-up-database': {
    backupId: '$BACKUP_ID',
    label: '',
    tier: '',
    directory: '$DIRECTORY',
    bytes: '0',
    files: 0,
    manifestHash: '$MANIFEST_HASH',
    toolVersion: '',
    compression: '',
    tables: 0,
    rows: '0',
    contentDigest: '$CONTENT_DIGEST',
    structureDigest: '$STRUCTURE_DIGEST',
  },
  'verify-copy': {
    tables: 0,
    rows: '0',
    sequences: 0,
    largeObjects: 0,
    objects: 0,
    mismatches: 0,
    contentDigest: '$CONTENT_DIGEST',
    structureDigest: '$STRUCTURE_DIGEST',
    largest: [],
  },
};
