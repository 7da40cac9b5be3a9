import type { Drift, ProjectDatabase } from '#shared/contracts/projects.js';
import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import type { SelectedDatabase } from '#shared/contracts/steps/project-steps.js';
import { initialTables } from '#shared/projects/decision/initial-migrations.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { resolveSchemas } from '../../../health/projects/look-at-tables.js';
import { structureOf } from '../../../postgres/catalogue/read-structure.js';
import { readFactsWithin } from '../../../postgres/inspection/database-facts.js';
import { checkBackupSource } from '../../../postgres/inspection/source-checks.js';
import type { Session } from '../../../postgres/session.js';
import { lacksGrants } from '../../../projects/missing-grants.js';
import { driftFrom, migratedPart } from '../../../projects/migrated-structure.js';
import { readTracking, type TrackingRow } from '../../../projects/tracking/tracking-rows.js';
import { checkSession } from './session-checks.js';

/** Everything that was read of one database, before anything is decided. */
export interface DatabaseLook {
  readonly database: ProjectDatabase;
  readonly selected: SelectedDatabase;
  readonly address: DatabaseAddress;
  readonly facts: DatabaseFacts;
  readonly owner: string;
  /** Patterns resolved. */
  readonly schemas: readonly string[];
  readonly rows: readonly TrackingRow[];
  /** Tables that `fakeInitial` asks about and that exist, by schema. */
  readonly existing: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether the application lacks rights that an apply gives. */
  readonly lacksGrants: boolean;
  readonly fingerprint: string;
  /** Of the structure. */
  readonly drift: readonly Drift[];
  readonly checks: readonly PreflightCheck[];
}

export interface LookOptions {
  readonly project: LoadedProject;
  readonly database: ProjectDatabase;
  readonly selected: SelectedDatabase;
  readonly address: DatabaseAddress;
  readonly backup: boolean;
}

/** Reads one database in a few set-based queries, however many schemas it has. Changes nothing. */
export async function lookAtDatabase(session: Session, options: LookOptions): Promise<DatabaseLook> {
  const { project, database, selected, address, backup } = options;
  const { facts, fingerprint, drift } = await readAndCompare(session);
  const schemas = await resolveSchemas(session, database.schemas);
  const owner = database.roles.owner ?? facts.owner;
  const { application } = database.roles;
  const checks = [
    ...(await checkSession(session, { database, owner, schemas })),
    ...(backup ? await checkBackupSource(session) : []),
  ];
  return {
    ...{ database, selected, address, facts, owner, schemas, fingerprint, drift, checks },
    lacksGrants:
      application !== undefined &&
      application !== owner &&
      (await lacksGrants(session, schemas, { owner, application })),
    rows: await readTracking(session, project.definition.name),
    existing: await readExisting(session, initialTables(project, selected), schemas),
  };
}

async function readAndCompare(session: Session) {
  await session.query('begin transaction isolation level repeatable read, read only');
  try {
    const { facts, catalogue } = await readFactsWithin(session);
    const compared = await driftFrom(session, migratedPart(structureOf(catalogue, (role) => role)));
    return { facts, ...compared };
  } finally {
    await session.query('rollback');
  }
}

/** Which of the tables stand in each schema; a name with a schema of its own is looked for there. */
async function readExisting(
  session: Session,
  tables: readonly string[],
  schemas: readonly string[],
): Promise<Map<string, ReadonlySet<string>>> {
  if (tables.length === 0) return new Map();
  const { rows } = await session.query<{ schema: string; names: string[] }>(
    `select s.name as schema, array_agg(t.written) as names
       from unnest($1::text[]) as s (name)
      cross join unnest($2::text[], $3::text[], $4::text[]) as t (written, own_schema, name)
       join pg_namespace as n on n.nspname = coalesce(t.own_schema, s.name)
       join pg_class as c on c.relnamespace = n.oid and c.relname = t.name
      where c.relkind in ('r', 'p', 'v', 'm', 'f')
      group by s.name`,
    [schemas, tables, tables.map(schemaIn), tables.map((table) => table.slice(table.indexOf('.') + 1))],
  );
  return new Map(rows.map(({ schema, names }) => [schema, new Set(names)]));
}

function schemaIn(table: string): string | null {
  const dot = table.indexOf('.');
  return dot < 0 ? null : table.slice(0, dot);
}
