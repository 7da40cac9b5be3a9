import type { EmergencyBackup, RevertRequest } from '#shared/contracts/requests/revert.request.js';
import { findVersion, fullName } from '#shared/projects/version-words.js';
import type { BackupEntry } from '../../backups/backup-list.js';
import { RequestRefused } from '../../http/request-refused.js';
import type { ProjectRegistry } from '../../planning/project-registry.js';
import type { RegisteredProject } from '../../projects/project-store.js';
import { catalogued } from './backups.js';
import type { Lookups, Prepared } from './prepared.js';
import { namedProject, requireAlias, snapshotOf, subjectOf } from './projects.js';
import type { Objections } from './unknown-entries.js';

/** @throws RequestRefused PROJECT_UNKNOWN, SERVER_UNKNOWN, SERVICE_UNKNOWN, REQUEST_INVALID, BACKUP_UNKNOWN */
export async function prepareRevert(request: RevertRequest, lookups: Lookups): Promise<Prepared> {
  const { project, objections } = await namedProject(request.project, lookups);
  requireAlias(project, request.database, { pointer: '/database', objections });
  requireOneWay(request, objections);
  const migration = namedVersion(request, project, objections);
  const snapshot = snapshotOf(project, objections);
  const latest = request.emergency?.restore?.latest;
  const registry: ProjectRegistry =
    latest === undefined
      ? snapshot
      : { ...snapshot, backup: await backupBefore({ request, project, version: migration, latest }, lookups) };
  const title = `revert of ${migration} on ${request.database} of ${project.name}`;
  return {
    subject: subjectOf(project),
    title,
    status: 'requested',
    message: `${title} ${wayOf(registry, request)}, after a safety backup`,
    registry,
  };
}

function wayOf({ backup }: ProjectRegistry, { emergency }: RevertRequest): string {
  if (backup !== undefined) return `by the backup of ${backup.createdAt}`;
  return emergency?.script === undefined ? 'by its down script' : `by ${emergency.script}`;
}

function requireOneWay({ emergency }: RevertRequest, objections: Objections): void {
  if (emergency === undefined || (emergency.restore === undefined) !== (emergency.script === undefined)) return;
  objections.add('REQUEST_INVALID', '/emergency', 'takes exactly one of restore and script');
}

/** `app/version_name` of the one that is meant, so that the title says it whatever was typed. */
function namedVersion(
  { version, database }: RevertRequest,
  { migrations }: RegisteredProject,
  objections: Objections,
): string {
  // A bare version is nearly always meant of what lives there.
  const here = findVersion(
    version,
    migrations.filter(({ home }) => home === database),
  );
  const found = here.ok ? here : findVersion(version, migrations);
  if (found.ok) return fullName(found.found);
  objections.add('REQUEST_INVALID', '/version', found.message);
  return version;
}

interface Wanted {
  readonly request: RevertRequest;
  readonly project: RegisteredProject;
  /** `app/version_name` */
  readonly version: string;
  readonly latest: EmergencyBackup;
}

/**
 * The newest sound backup of the whole database from before the version was applied there; from any time where the ledger
 * does not know when that was.
 *
 * @throws RequestRefused BACKUP_UNKNOWN
 */
async function backupBefore(
  { request, project, version, latest }: Wanted,
  lookups: Lookups,
): Promise<NonNullable<ProjectRegistry['backup']>> {
  const place = project.definition.databases.find(({ alias }) => alias === request.database);
  const history = await lookups.projectHistory(project.name);
  const applied = history.find(
    (entry) => entry.database === request.database && fullName(entry) === version && entry.status !== 'failed',
  );
  const before = applied?.status === 'rolled_back' ? undefined : applied?.appliedAt;
  const of = { server: place?.server ?? '', database: place?.database ?? '' };
  const found = (await lookups.backups({ ...of, ...latest, limit: 500 })).find((entry) => isUsable(entry, before));
  if (found !== undefined) return { ...catalogued(found), createdAt: found.createdAt };
  const asked = [latest.tier, latest.label].filter((word) => word !== undefined).join(' ') || 'any kind';
  const when = before === undefined ? '' : ` from before ${before}, when ${version} was applied`;
  const message = `the catalogue holds no sound backup (${asked}) of ${of.database} on ${of.server}${when}`;
  throw new RequestRefused('BACKUP_UNKNOWN', message, {
    errors: [{ pointer: '/emergency/restore/latest', message }],
  });
}

function isUsable({ status, tier, schemas, createdAt }: BackupEntry, before: string | undefined): boolean {
  if (status === 'damaged' || tier === null || schemas !== null) return false;
  return before === undefined || Date.parse(createdAt) <= Date.parse(before);
}
