import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { ProjectDatabase } from '#shared/contracts/projects.js';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { SelectedDatabase } from '#shared/contracts/steps/project-steps.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import type { TrackedMigration } from '#shared/projects/decision/tracked-migration.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { resolveSchemas } from '../../../health/projects/look-at-tables.js';
import { judge } from '../../../postgres/inspection/check.js';
import type { StepContext } from '../../../running/step.js';
import { readTracking } from '../../../projects/tracking/tracking-rows.js';
import { placeOf, withDatabase } from '../../step-session.js';
import { lookAtDatabase, type DatabaseLook } from './look-at-database.js';
import { commonRows } from './pending-over-schemas.js';

type Context = StepContext<'inspect-project'>;

/** A database of the project, as it was asked for. */
export interface Selection {
  readonly database: ProjectDatabase;
  readonly selected: SelectedDatabase;
}

/** SQLSTATE of a database that does not exist. */
const NO_DATABASE = '3D000';

/** Looks at each database that is asked for; what cannot be read is told by a check. */
export async function lookAt(
  context: Context,
  project: LoadedProject,
  selection: readonly Selection[],
): Promise<{ readonly looks: DatabaseLook[]; readonly checks: PreflightCheck[] }> {
  const [looks, checks]: [DatabaseLook[], PreflightCheck[]] = [[], []];
  for (const { database, selected } of selection) {
    const address = addressOf(context, database);
    if (address === undefined) {
      checks.push(unregistered(database));
      continue;
    }
    try {
      const options = { project, database, selected, address, backup: context.params.backup };
      looks.push(await withDatabase(context, address, (session) => lookAtDatabase(session, options)));
      checks.push(judge('database-reachable', 'error', `${database.alias}: ${shown(address)}`, undefined));
    } catch (error) {
      context.signal.throwIfAborted();
      checks.push(unreadable(database, address, error));
    }
  }
  return { looks, checks };
}

/** Rows of databases that nothing is asked of. */
export interface OtherRows {
  readonly databases: readonly { readonly alias: string; readonly rows: readonly TrackedMigration[] }[];
  readonly checks: readonly PreflightCheck[];
}

export async function readOthers(
  context: Context,
  project: LoadedProject,
  databases: readonly ProjectDatabase[],
): Promise<OtherRows> {
  const read: { alias: string; rows: TrackedMigration[] }[] = [];
  const checks: PreflightCheck[] = [];
  for (const database of databases) {
    const address = addressOf(context, database);
    try {
      if (address === undefined) throw new RangeError(`the registry holds no server ${database.server}`);
      const rows = await withDatabase(context, address, async (session) => {
        const schemas = await resolveSchemas(session, database.schemas);
        return commonRows({ rows: await readTracking(session, project.definition.name), schemas });
      });
      read.push({ alias: database.alias, rows });
    } catch (error) {
      context.signal.throwIfAborted();
      const found = `${database.alias}: ${toRehomeError(error).message}`;
      const remedy = 'what was applied there, and what of it needs what is asked for, is not known';
      checks.push(judge('other-databases', 'warning', '', { found, remedy }));
    }
  }
  return { databases: read, checks };
}

function addressOf({ params }: Context, { server, database }: ProjectDatabase): DatabaseAddress | undefined {
  const found = params.servers.find(({ name }) => name === server);
  return found === undefined ? undefined : { server: found, database };
}

function unregistered({ alias, server }: ProjectDatabase): PreflightCheck {
  const found = `${alias}: the registry holds no server ${server}`;
  return judge('database-reachable', 'error', '', {
    found,
    remedy: `PUT /v1/servers/${server}, or correct project.yaml`,
  });
}

function unreadable({ alias, roles }: ProjectDatabase, address: DatabaseAddress, error: unknown): PreflightCheck {
  const { message, sqlState, code } = toRehomeError(error);
  const { server, database } = address;
  if (sqlState === NO_DATABASE) {
    const owner = roles.owner === undefined ? '' : ` owner ${quoteIdentifier(roles.owner)}`;
    const found = `${alias}: there is no database ${database} at ${placeOf(server)}`;
    return judge('database-exists', 'error', '', {
      found,
      remedy: `create database ${quoteIdentifier(database)}${owner}`,
    });
  }
  const remedies: Readonly<Record<string, string>> = {
    POSTGRES_AUTHENTICATION_FAILED: `correct the user or secret of server ${server.name}`,
    SECRET_MISSING: `store the secret of server ${server.name} where its reference leads`,
  };
  const remedy = remedies[code] ?? `see that ${placeOf(server)} runs and that the executor may reach it`;
  return judge('database-reachable', 'error', '', { found: `${alias}: ${message}`, remedy });
}

function shown({ server, database }: DatabaseAddress): string {
  return `${placeOf(server)}/${database}`;
}
