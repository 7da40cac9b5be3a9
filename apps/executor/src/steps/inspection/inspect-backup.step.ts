import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { InspectBackupResult } from '#shared/contracts/steps/backup-steps.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import { judge, listed } from '../../postgres/inspection/check.js';
import { readDatabaseFacts } from '../../postgres/inspection/database-facts.js';
import { checkBackupSource } from '../../postgres/inspection/source-checks.js';
import { NEWER_COMPRESSION_SINCE, whyNotPacked } from '../../postgres/packing.js';
import { leaving, readCrossings, type SchemaCrossing } from '../../postgres/schema-crossings.js';
import { majorOf, type Session } from '../../postgres/session.js';
import { sessionName } from '../../postgres/session-name.js';
import { findTools } from '../../postgres/tools.js';
import { withRunDirectory } from '../../running/run-directory.js';
import type { Step, StepContext } from '../../running/step.js';
import { backupToolsFor } from '../database/choose-tools.js';
import { adminAddress, MAINTENANCE_DATABASE, placeOf, withDatabase } from '../step-session.js';
import { checkPlace, unreachable } from './inspect-move.step.js';

type Context = StepContext<'inspect-backup'>;

/** Reads the database that is to be backed up and judges it. Every check is made, also after one that failed. */
export const inspectBackup: Step<'inspect-backup'> = {
  kind: 'inspect-backup',
  readsOnly: true,

  probe: () => Promise.resolve({ state: 'not-started' }),

  run: inspect,

  verify: () => Promise.resolve(),

  undo: () => Promise.resolve({}),

  describe({ source }) {
    const at = `${placeOf(source.server)}/${source.database}`;
    return [{ tool: 'sql', at, text: 'read the catalogue, sizes, roles, settings and which schemas need which' }];
  },
};

async function inspect(context: Context): Promise<InspectBackupResult> {
  const { source, schemas } = context.params;
  try {
    const read = await withDatabase(context, source, async (session) => ({
      checks: [...(await checkBackupSource(session)), ...(await checkSchemas(session, schemas ?? []))],
      database: await readDatabaseFacts(session),
    }));
    const place = await checkPlace(context, read.database);
    const reachable = judge('source-reachable', 'error', placeOf(source.server), undefined);
    const { checks: packing, ...packed } =
      place.tools === undefined ? { checks: [] } : await pack(context, read.database);
    return { ...read, ...place, ...packed, checks: [reachable, ...read.checks, ...place.checks, ...packing] };
  } catch (error) {
    context.signal.throwIfAborted();
    return { checks: [unreachable(context, error)] };
  }
}

/** A backup by gzip is better than none: what these tools cannot pack by is replaced, and said. */
async function pack(context: Context, { serverVersion }: DatabaseFacts): Promise<InspectBackupResult> {
  const { params, run, tools, signal } = context;
  const { compression, source } = params;
  const major = majorOf(serverVersion);
  const chosen = backupToolsFor(major, compression, await findTools(tools.pgToolsDirectories));
  const address = await adminAddress(context, source.server, MAINTENANCE_DATABASE);
  const asking = { tools: chosen, address, applicationName: sessionName(run), signal };
  const why = await withRunDirectory(tools.workRoot, run, (workDirectory) =>
    whyNotPacked(compression, { ...asking, workDirectory }),
  );
  const wanted = Math.max(major, NEWER_COMPRESSION_SINCE);
  const remedy = `for ${compression} name the directory of client tools of PostgreSQL ${String(wanted)} that were built with it in REHOME_PG_TOOLS`;
  const trouble = why === undefined ? undefined : { found: `${why}; gzip is taken instead`, remedy };
  return {
    checks: [judge('backup-compression', 'warning', compression, trouble)],
    tools: { major: chosen.major, version: chosen.version },
    compression: why === undefined ? compression : 'gzip',
  };
}

/** Schemas that do not exist, or that cannot be restored without another, are told before anything is written. */
async function checkSchemas(session: Session, schemas: readonly string[]): Promise<PreflightCheck[]> {
  if (schemas.length === 0) return [];
  const { rows } = await session.query<{ name: string }>(
    `select wanted.name from unnest($1::text[]) as wanted (name)
      where not exists (select from pg_namespace where nspname = wanted.name)`,
    [schemas],
  );
  const missing = rows.map(({ name }) => name);
  const exist = judge(
    'backup-schemas',
    'error',
    `schemas ${listed(schemas)}`,
    missing.length > 0
      ? { found: `no schema ${listed(missing)}`, remedy: 'correct the names; they are taken exactly as written' }
      : undefined,
  );
  return [exist, judgeCrossings(leaving(await readCrossings(session), schemas))];
}

/** Also of a restore that takes some schemas of a backup. */
export function judgeCrossings(crossings: readonly SchemaCrossing[]): PreflightCheck {
  const told = crossings.map(
    ({ from, to, objects, example }) => `${from} needs ${to} (${String(objects)} objects, such as ${example})`,
  );
  const others = [...new Set(crossings.map(({ to }) => to))];
  return judge(
    'schemas-complete',
    'error',
    'the schemas need no others',
    crossings.length > 0
      ? {
          found: listed(told, 3),
          remedy: `name ${listed(others)} as well, or leave "schemas" out for the whole database`,
        }
      : undefined,
  );
}
