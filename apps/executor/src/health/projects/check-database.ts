import type { DatabaseHealth, ProjectDatabase } from '#shared/contracts/projects.js';
import type { ServerEndpoint } from '#shared/contracts/registry.js';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import { within } from '#shared/messaging/waiting.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { withSession, type Session, type SessionAddress } from '../../postgres/session.js';
import { findStructureDrift } from '../../projects/migrated-structure.js';
import { isBeingMigrated } from '../../projects/migration-lock.js';
import { readTracking } from '../../projects/tracking/tracking-rows.js';
import { judgeHealth, outOfReach, type DatabaseFindings } from './judge-health.js';
import { lookAtTables, missingSchemas, resolveSchemas } from './look-at-tables.js';

/** A probe that takes longer tells nothing: unknown is not ok. */
const LOOK_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** SQLSTATE of a database that does not exist. */
const NO_DATABASE = '3D000';

export interface LookParts {
  readonly project: LoadedProject;
  /** The administrator's session; resolves the secret. */
  readonly addressOf: (server: ServerEndpoint, database: string) => Promise<SessionAddress>;
  /** `application_name`. */
  readonly sessionName: string;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
}

/**
 * Looks at one database within a time-out. What keeps it from being looked at is what is told of it.
 * @param server undefined when the registry does not hold it
 * @throws only the reason of an abort of the signal
 */
export async function checkDatabase(
  database: ProjectDatabase,
  server: ServerEndpoint | undefined,
  parts: LookParts,
): Promise<DatabaseHealth> {
  const startedAt = performance.now();
  const health = await look(database, server, parts);
  const durationMs = Math.round(performance.now() - startedAt);
  const labels = { project: parts.project.definition.name, database: database.alias };
  parts.metrics.observe('rehome_project_check_seconds', labels, durationMs / 1000);
  return { ...health, durationMs };
}

async function look(
  database: ProjectDatabase,
  server: ServerEndpoint | undefined,
  parts: LookParts,
): Promise<Omit<DatabaseHealth, 'durationMs'>> {
  if (server === undefined) return outOfReach(database, unreachable(`the registry holds no server ${database.server}`));
  const giveUp = new AbortController();
  const signal = AbortSignal.any([parts.signal, giveUp.signal]);
  try {
    const address = await parts.addressOf(server, database.database);
    const options = { applicationName: parts.sessionName, signal, connectTimeoutMs: CONNECT_TIMEOUT_MS };
    const looking = withSession(address, options, (session) => findings(session, database, parts));
    const found = await within(LOOK_TIMEOUT_MS, looking, silent);
    return judgeHealth(database, parts.project, found);
  } catch (error) {
    parts.signal.throwIfAborted();
    const { message, sqlState } = toRehomeError(error);
    const place = `${server.name} (${server.host}:${String(server.port)})`;
    if (sqlState === NO_DATABASE)
      return outOfReach(database, {
        state: 'missing',
        detail: `there is no database ${database.database} on ${place}`,
      });
    return outOfReach(database, unreachable(message));
  } finally {
    giveUp.abort();
  }
}

async function findings(session: Session, database: ProjectDatabase, parts: LookParts): Promise<DatabaseFindings> {
  await session.query(`set statement_timeout = ${String(LOOK_TIMEOUT_MS)}`);
  const schemas = await resolveSchemas(session, database.schemas);
  return {
    schemas,
    missingSchemas: await missingSchemas(session, database.schemas),
    owner: database.roles.owner ?? (await ownerOf(session)),
    ...(await lookAtTables(session, database, schemas)),
    ...(await settled(session, parts.project.definition.name)),
  };
}

type Books = Pick<DatabaseFindings, 'standing' | 'drift' | 'beingMigrated'>;

/** A migration that began after its lock was asked for holds it now, or is over and has written down what it did. */
async function settled(session: Session, project: string): Promise<Books> {
  const books = await readBooks(session, project);
  const doubtful = books.drift.length > 0 || books.standing.some(({ status }) => status === 'running');
  return doubtful && !books.beingMigrated ? readBooks(session, project) : books;
}

/** While somebody migrates, the structure is between two states that are both right. */
async function readBooks(session: Session, project: string): Promise<Books> {
  const beingMigrated = await isBeingMigrated(session);
  const standing = await readTracking(session, project);
  const drift = beingMigrated ? [] : (await findStructureDrift(session)).drift;
  return { beingMigrated, standing, drift };
}

async function ownerOf(session: Session): Promise<string> {
  const { rows } = await session.query<{ owner: string }>(
    `select pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()`,
  );
  return rows[0]?.owner ?? '';
}

function unreachable(detail: string): Pick<DatabaseHealth, 'state' | 'detail'> {
  return { state: 'unreachable', detail };
}

function silent(): Error {
  return new RehomeError('POSTGRES_UNREACHABLE', `no answer within ${String(LOOK_TIMEOUT_MS / 1000)} s`);
}
