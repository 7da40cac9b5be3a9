import { checkTarget } from '../../postgres/inspection/target-checks.js';
import { serverVersion } from '../../postgres/session.js';
import type { Step } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';

/** Judges the target before any downtime. Failed checks are its answer, all of them; the planner decides what they stop. */
export const preflightTarget: Step<'preflight-target'> = {
  kind: 'preflight-target',
  readsOnly: true,

  // A judgement is of the moment.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    return withAdmin(context, context.params.target.server, MAINTENANCE_DATABASE, async (session) => ({
      checks: await checkTarget(session, context.params),
      serverVersion: await serverVersion(session),
    }));
  },

  verify: () => Promise.resolve(),

  undo: () => Promise.resolve({}),

  describe({ target, targetRole }) {
    const text = `select rolname, rolsuper, rolcanlogin from pg_roles where rolname in (current_user, '${targetRole}')`;
    return [{ tool: 'sql', at: placeOf(target.server), text }];
  },
};
