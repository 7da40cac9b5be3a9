import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { InspectBackupParams, InspectBackupResult } from '#shared/contracts/steps/backup-steps.js';
import type { ToolFacts } from '#shared/contracts/steps/inspection-steps.js';
import { judge, listed } from '../../postgres/inspection/check.js';
import { readDatabaseFacts } from '../../postgres/inspection/database-facts.js';
import { checkBackupSource } from '../../postgres/inspection/source-checks.js';
import { leaving, readCrossings, type SchemaCrossing } from '../../postgres/schema-crossings.js';
import type { Session } from '../../postgres/session.js';
import type { Step, StepContext } from '../../running/step.js';
import { placeOf, withDatabase } from '../step-session.js';
import { checkPlace, unreachable } from './inspect-move.step.js';

type Context = StepContext<'inspect-backup'>;

/** pg_dump packs by these since then. */
const NEWER_COMPRESSION_SINCE = 16;

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
    const packing = place.tools === undefined ? [] : [checkCompression(context.params, place.tools)];
    return { ...read, ...place, checks: [reachable, ...read.checks, ...place.checks, ...packing] };
  } catch (error) {
    context.signal.throwIfAborted();
    return { checks: [unreachable(context, error)] };
  }
}

function checkCompression({ compression }: InspectBackupParams, tools: ToolFacts): PreflightCheck {
  const fits = compression === 'gzip' || compression === 'none' || tools.major >= NEWER_COMPRESSION_SINCE;
  const found = `pg_dump ${tools.version} cannot pack by ${compression}`;
  const remedy = `ask for "gzip" or "none": the tools must be of the server's major to restore there, and ${compression} came with ${String(NEWER_COMPRESSION_SINCE)}`;
  return judge('backup-compression', 'error', compression, fits ? undefined : { found, remedy });
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
