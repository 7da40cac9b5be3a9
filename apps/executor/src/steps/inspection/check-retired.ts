import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { InspectedRetired } from '#shared/contracts/steps/inspection-steps.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { databaseState } from '../../postgres/database-lifecycle.js';
import { fenceState } from '../../postgres/fencing.js';
import { judge, type Objection } from '../../postgres/inspection/check.js';
import type { StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';

type Context = StepContext<'inspect-move'>;

/** What a move put aside is still there, fenced as it was left, and its old name is free. */
export async function checkRetired(context: Context): Promise<PreflightCheck[]> {
  const { retired } = context.params;
  if (retired === undefined) return [];
  const fine = `${retired.retiredName} stands at ${placeOf(retired.source.server)}, fenced`;
  try {
    return [judge('retired-source', 'error', fine, await objectionTo(context, retired))];
  } catch (error) {
    context.signal.throwIfAborted();
    const remedy = `see that ${placeOf(retired.source.server)} runs and that the executor may reach it`;
    return [judge('retired-source', 'error', fine, { found: toRehomeError(error).message, remedy })];
  }
}

async function objectionTo(
  context: Context,
  { source, retiredName, captured }: InspectedRetired,
): Promise<Objection | undefined> {
  const { server, database } = source;
  const [aside, old] = await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => [
    await databaseState(session, retiredName),
    await databaseState(session, database),
  ]);
  if (!aside.exists)
    return { found: `${retiredName} is gone from ${placeOf(server)}`, remedy: 'request the return of data "current"' };
  if (old.exists)
    return { found: `a database ${database} stands at ${placeOf(server)} again`, remedy: 'rename it or move it away' };
  const state = await withAdmin(context, server, retiredName, (session) => fenceState(session, captured));
  if (state === 'fenced') return undefined;
  const remedy =
    'somebody opened it: compare it by hand, and request the return of data "current" if it was written to';
  return { found: `${retiredName} is ${state}, not fenced as it was left`, remedy };
}
