import { join } from 'node:path';
import type { FoundBackup, InspectRestoreResult } from '#shared/contracts/steps/backup-steps.js';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import type { BackupRecord } from '../../backups/backup-record.js';
import { checkedBackup, recordOf, type CheckedBackup } from '../../backups/checked-backup.js';
import { ARCHIVE } from '../../backups/manifest.js';
import { judge, listed } from '../../postgres/inspection/check.js';
import { checkTarget } from '../../postgres/inspection/target-checks.js';
import { leaving } from '../../postgres/schema-crossings.js';
import { findTools } from '../../postgres/tools.js';
import type { Step, StepContext } from '../../running/step.js';
import { sameMajor } from '../database/restore-database.step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';
import { inspectFile } from './inspect-file.js';
import { judgeCrossings } from './inspect-backup.step.js';

type Context = StepContext<'inspect-restore'>;

/** Finds the backup, checks every byte of it and judges the target: all of it before anything is created. */
export const inspectRestore: Step<'inspect-restore'> = {
  kind: 'inspect-restore',
  readsOnly: true,

  probe: () => Promise.resolve({ state: 'not-started' }),

  run: inspect,

  verify: () => Promise.resolve(),

  undo: () => Promise.resolve({}),

  describe({ target }) {
    return [
      { tool: 'file', at: '$BACKUP', text: 'read every file and compare its SHA-256 with the manifest' },
      { tool: 'sql', at: placeOf(target.server), text: 'read versions, roles, extensions and locales' },
    ];
  },
};

async function inspect(context: Context): Promise<InspectRestoreResult> {
  const { file } = context.params.backup;
  if (file !== undefined) return inspectFile(context, file);
  let found: Found;
  try {
    const checked = await find(context);
    // The backup of a move was compared with its source, and is restored like a dump of somebody else.
    if (checked.manifest.recorded === undefined)
      return await inspectFile(context, join(checked.backup.path, ARCHIVE), checked);
    found = { checked, record: await recordOf(checked) };
  } catch (error) {
    context.signal.throwIfAborted();
    return { checks: [unusable(error)] };
  }
  const { checked, record } = found;
  const whole = judge('backup-usable', 'error', `backup ${checked.backup.backupId} of ${record.takenAt}`, undefined);
  const scope = checkScope(context, found);
  return { checks: [whole, ...scope, ...(await judgeTarget(context, found))], backup: pinned(found) };
}

interface Found {
  readonly checked: CheckedBackup;
  readonly record: BackupRecord;
}

async function find({ params, tools }: Context): Promise<CheckedBackup> {
  const { backupId, latest } = params.backup;
  const id = backupId ?? (await tools.backups.latest(latest ?? {}, tools.site)).backupId;
  return checkedBackup(tools.backups, id);
}

function unusable(error: unknown): PreflightCheck {
  const { code, message } = toRehomeError(error);
  const remedy = code === 'BACKUP_UNKNOWN' ? 'GET /v1/backups lists what there is' : 'take another backup';
  return judge('backup-usable', 'error', '', { found: `${code}: ${message}`, remedy });
}

/** Schemas that the backup does not hold, or that need others, are told before anything is created. */
function checkScope({ params }: Context, { checked, record }: Found): PreflightCheck[] {
  const { schemas } = params;
  if (schemas === undefined) return [];
  const held = checked.backup.schemas ?? schemasIn(record);
  const missing = schemas.filter((schema) => !held.includes(schema));
  const found = `the backup does not hold ${listed(missing)}, but ${listed(held)}`;
  const remedy = 'correct the names; they are taken exactly as written';
  return [
    judge('backup-schemas', 'error', `schemas ${listed(schemas)}`, missing.length > 0 ? { found, remedy } : undefined),
    judgeCrossings(leaving(record.crossings, schemas)),
  ];
}

function schemasIn({ catalogue }: BackupRecord): string[] {
  const names = catalogue.rows.filter(({ kind }) => kind === 'schema').map(({ name }) => name);
  return names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name));
}

async function judgeTarget(context: Context, { checked, record }: Found): Promise<PreflightCheck[]> {
  const { target, owner = record.facts.owner } = context.params;
  try {
    const { major, version } = sameMajor(await findTools(context.tools.pgToolsDirectories), checked.manifest);
    const asked = { target, targetRole: owner, facts: record.facts, tools: { major, version } };
    return await withAdmin(context, target.server, MAINTENANCE_DATABASE, (session) => checkTarget(session, asked));
  } catch (error) {
    context.signal.throwIfAborted();
    const remedy = `see that ${placeOf(target.server)} runs, that its secret is right, and that the tools are there`;
    return [judge('target-reachable', 'error', '', { found: toRehomeError(error).message, remedy })];
  }
}

function pinned({ checked, record }: Found): FoundBackup {
  const { backupId, server, database, label, tier, status, manifestSha256 } = checked.backup;
  return {
    backupId,
    server,
    database,
    label,
    tier: tier ?? '',
    status,
    takenAt: record.takenAt,
    manifestHash: manifestSha256,
    sizeBytes: record.facts.sizeBytes,
    owner: record.facts.owner,
  };
}
