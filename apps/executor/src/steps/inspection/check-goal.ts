import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { InspectMoveResult, InspectedTarget } from '#shared/contracts/steps/inspection-steps.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { judge } from '../../postgres/inspection/check.js';
import { checkKeptPassword, checkKnownPassword } from '../../postgres/inspection/password-checks.js';
import { checkTarget } from '../../postgres/inspection/target-checks.js';
import type { Session } from '../../postgres/session.js';
import { readStoredPassword } from '../../postgres/stored-passwords.js';
import type { StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';

type Context = StepContext<'inspect-move'>;

/** A target that stands already is judged before there is a plan: its warnings are in the plan, its errors refuse it. */
export async function checkGoal(
  context: Context,
  { database: facts, tools }: InspectMoveResult,
): Promise<PreflightCheck[]> {
  const { target, owner } = context.params;
  if (target === undefined || facts === undefined || tools === undefined) return [];
  const from = owner ?? facts.owner;
  const to = target.role ?? from;
  const { olderMajor } = target;
  try {
    return await withAdmin(context, target.server, MAINTENANCE_DATABASE, async (session) => [
      judge('target-reachable', 'error', placeOf(target.server), undefined),
      ...(await checkTarget(session, {
        target,
        targetRole: to,
        facts,
        tools,
        ...(olderMajor === undefined ? {} : { olderMajor }),
      })),
      ...(await checkPassword(context, session, target, { from, to })),
    ]);
  } catch (error) {
    context.signal.throwIfAborted();
    const remedy = `see that ${placeOf(target.server)} runs, that the executor may reach it and that its secret is right`;
    return [judge('target-reachable', 'error', '', { found: toRehomeError(error).message, remedy })];
  }
}

async function checkPassword(
  context: Context,
  session: Session,
  { server, secretRef }: InspectedTarget,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<PreflightCheck[]> {
  const { source } = context.params;
  if (secretRef === undefined)
    return withAdmin(context, source.server, MAINTENANCE_DATABASE, async (left) => [
      await checkKeptPassword({ source: left, target: session, from, to }),
    ]);
  const password = await context.tools.secrets.resolve(secretRef);
  if ((await readStoredPassword(session, to)).kind === 'no-role') return [];
  const login = { host: server.host, port: server.port, user: to, password, database: MAINTENANCE_DATABASE };
  return [await checkKnownPassword(login, context.signal)];
}
