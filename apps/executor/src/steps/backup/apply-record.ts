import type { BackupRecord } from '../../backups/backup-record.js';
import { largeObjectGroups, readLargeObjectGroups } from '../../postgres/catalogue/large-object-owners.js';
import { structureIn } from '../../postgres/catalogue/in-schemas.js';
import { readStructure, structureOf } from '../../postgres/catalogue/read-structure.js';
import type { MapRole, Structure } from '../../postgres/catalogue/structure.js';
import { largeObjectStatements, privilegeStatements } from '../../postgres/privileges.js';
import { bootstrapRole, roleMapTo } from '../../postgres/role-map.js';
import { dropPlaceholder } from '../../postgres/roles.js';
import type { Session } from '../../postgres/session.js';
import { settingStatements } from '../../postgres/settings.js';

/** How a restored database is to be compared with, and made as, its backup recorded. */
export interface RecordTarget {
  /** Name of the database now. */
  readonly database: string;
  /** Who owns what the recorded owner owned. */
  readonly role: string;
  /** Only these, as `quote_ident` writes them; everything when absent. */
  readonly schemas?: readonly string[];
}

export async function recordRoleMap(session: Session, record: BackupRecord, { role }: RecordTarget): Promise<MapRole> {
  const { owner } = record.access;
  return roleMapTo(session, { sourceOwner: owner, role, sourceBootstrap: record.bootstrapRole });
}

/** What is left to do: owners, grants, policies and settings that differ from the record. Values may be secrets. */
export interface RecordStatements {
  readonly privileges: readonly string[];
  readonly settings: readonly string[];
}

/** Made from what differs, so they are empty once they were run. The session is in the restored database. */
export async function recordStatements(
  session: Session,
  record: BackupRecord,
  target: RecordTarget,
): Promise<RecordStatements> {
  const mapRole = await recordRoleMap(session, record, target);
  const wanted = inScope(structureOf(record.catalogue, mapRole), target);
  const found = inScope(await readStructure(session, { mapRole: (name) => name, owner: target.role }), target);
  const largeObjects =
    target.schemas === undefined
      ? largeObjectStatements(
          largeObjectGroups(record.catalogue.largeObjects, mapRole),
          await readLargeObjectGroups(session, (name) => name),
        )
      : [];
  return {
    privileges: [...privilegeStatements(wanted, found), ...largeObjects],
    settings: settingStatements(wanted, found, target.database),
  };
}

function inScope(structure: Structure, { schemas }: RecordTarget): Structure {
  return schemas === undefined ? structure : structureIn(structure, schemas);
}

/** Roles that stood in for the recorded owner and the bootstrap superuser while the dump was restored. */
export async function dropStandIns(
  session: Session,
  record: BackupRecord,
  { role, signal }: { readonly role: string; readonly signal: AbortSignal },
): Promise<void> {
  await dropPlaceholder(session, { sourceOwner: record.access.owner, role }, signal);
  const to = await bootstrapRole(session);
  await dropPlaceholder(session, { sourceOwner: record.bootstrapRole, role: to }, signal);
}
