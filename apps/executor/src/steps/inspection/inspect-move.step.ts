import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import type { InspectMoveResult, ToolFacts } from '#shared/contracts/steps/inspection-steps.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { judge } from '../../postgres/inspection/check.js';
import { readDatabaseFacts } from '../../postgres/inspection/database-facts.js';
import { checkDiskSpace } from '../../postgres/inspection/disk-space.js';
import { checkSource } from '../../postgres/inspection/source-checks.js';
import { checkVersions } from '../../postgres/inspection/target-checks.js';
import { majorOf } from '../../postgres/session.js';
import { findTools } from '../../postgres/tools.js';
import type { Step, StepContext } from '../../running/step.js';
import { oldestToolsFor } from '../database/choose-tools.js';
import { placeOf, withDatabase } from '../step-session.js';
import { checkGoal } from './check-goal.js';
import { checkRetired } from './check-retired.js';
import { checkService } from './check-service.js';

type Context = StepContext<'inspect-move'>;

/** Reads the source side of a move and judges it. Every check is made, also after one that failed. */
export const inspectMove: Step<'inspect-move'> = {
  kind: 'inspect-move',
  readsOnly: true,

  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const [source, service] = [await inspectSource(context), await checkService(context)];
    const retired = await checkRetired(context);
    return { ...source, checks: [...source.checks, ...service, ...(await checkGoal(context, source)), ...retired] };
  },

  verify: () => Promise.resolve(),

  undo: () => Promise.resolve({}),

  describe({ source, service, target }) {
    const at = `${placeOf(source.server)}/${source.database}`;
    return [
      { tool: 'sql', at, text: 'read the catalogue, sizes, roles, settings and sessions' },
      ...(target === undefined
        ? []
        : [{ tool: 'sql', at: placeOf(target.server), text: 'read versions, roles, extensions and locales' } as const]),
      ...(service?.configFiles ?? []).map(({ path }) => ({ tool: 'file', at: path, text: 'read' }) as const),
    ];
  },
};

async function inspectSource(context: Context): Promise<InspectMoveResult> {
  const { source, owner, superuser } = context.params;
  const expected = {
    ...(owner === undefined ? {} : { owner }),
    ...(superuser === undefined ? {} : { superuser }),
  };
  try {
    const read = await withDatabase(context, source, async (session) => ({
      checks: await checkSource(session, expected),
      database: await readDatabaseFacts(session),
    }));
    const place = await checkPlace(context, read.database);
    const reachable = judge('source-reachable', 'error', placeOf(source.server), undefined);
    return { ...read, ...place, checks: [reachable, ...read.checks, ...place.checks] };
  } catch (error) {
    context.signal.throwIfAborted();
    return { checks: [unreachable(context, error)] };
  }
}

/** What the executor itself needs: tools that fit, and room for the dump. */
export async function checkPlace(
  { tools }: Pick<Context, 'tools'>,
  database: DatabaseFacts,
): Promise<{ checks: PreflightCheck[]; tools?: ToolFacts }> {
  const disk = await checkDiskSpace(tools.workRoot, database.sizeBytes);
  try {
    const { major, version } = oldestToolsFor(
      majorOf(database.serverVersion),
      await findTools(tools.pgToolsDirectories),
    );
    const facts: ToolFacts = { major, version };
    return { checks: [checkVersions(database, facts, undefined), disk], tools: facts };
  } catch (error) {
    const { message } = toRehomeError(error);
    const remedy = 'install the client tools of PostgreSQL at the executor, or name their directory in REHOME_PG_TOOLS';
    return { checks: [judge('versions', 'error', '', { found: message, remedy }), disk] };
  }
}

/** The check that fails when nothing could be read at all. */
export function unreachable(
  { params }: { readonly params: { readonly source: DatabaseAddress } },
  error: unknown,
): PreflightCheck {
  const { server } = params.source;
  const { code, message } = toRehomeError(error);
  const remedies: Readonly<Record<string, string>> = {
    POSTGRES_AUTHENTICATION_FAILED: `correct the user or secret of server ${server.name}`,
    SECRET_MISSING: `store the secret of server ${server.name} where its reference leads`,
    POSTGRES_STATEMENT_FAILED: `see that database ${params.source.database} exists at ${placeOf(server)}`,
  };
  const remedy = remedies[code] ?? `see that ${placeOf(server)} runs and that the executor may reach it`;
  return judge('source-reachable', 'error', '', { found: message, remedy });
}
