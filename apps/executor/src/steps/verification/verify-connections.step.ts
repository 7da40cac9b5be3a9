import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { VerifyConnectionsParams, VerifyConnectionsResult } from '#shared/contracts/steps/verification-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { driverOf } from '../../drivers/services/service-drivers.js';
import { isHealthy } from '../../drivers/services/service-waits.js';
import { APPLICATION_SESSIONS, applicationSessions, countSessions } from '../../postgres/application-sessions.js';
import type { Session } from '../../postgres/session.js';
import type { Step, StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';

type Context = StepContext<'verify-connections'>;

/** An application may need a moment after its first healthy answer until its pool is filled. */
const CONNECT_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 200;

/** The application's own sessions are the only proof of where it reads its configuration from. */
export const verifyConnections: Step<'verify-connections'> = {
  kind: 'verify-connections',
  readsOnly: true,

  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { params } = context;
    await untilConnected(context);
    const before = await driverOf(params.service, context.tools.services).status(context.signal);
    await delay(params.stableForMs, undefined, { signal: context.signal });
    const after = await driverOf(params.service, context.tools.services).status(context.signal);
    if (!isHealthy(after) || (after.restarts ?? 0) > (before.restarts ?? 0)) {
      throw new RehomeError(
        'SERVICE_NOT_HEALTHY',
        `${params.service.name} is "${after.state}" after ${String(params.stableForMs)} ms; read its log`,
      );
    }
    // Again: an application that lost its connections meanwhile has not moved.
    return { ...(await untilConnected(context)), serviceState: after.state };
  },

  verify(context, result) {
    judge(context.params, result);
    return Promise.resolve();
  },

  undo: () => Promise.resolve({}),

  describe({ source, target }) {
    return [source, target].map(({ server, database }) => ({
      tool: 'sql' as const,
      at: placeOf(server),
      text: `${APPLICATION_SESSIONS.replaceAll(/\s+/g, ' ')}  -- $1 = ${database}`,
    }));
  },
};

type Connected = Omit<VerifyConnectionsResult, 'serviceState'>;

async function untilConnected(context: Context): Promise<Connected> {
  const { source, target } = context.params;
  const deadline = performance.now() + (context.params.connectWithinMs ?? CONNECT_WITHIN_MS);
  return withAdmin(context, source.server, MAINTENANCE_DATABASE, (left) =>
    withAdmin(context, target.server, MAINTENANCE_DATABASE, async (right) => {
      for (;;) {
        const connected = {
          old: countSessions(await applicationSessions(left, source.database)),
          ...(await newSessions(right, target)),
        };
        if ((connected.old === 0 && connected.new > 0) || performance.now() > deadline) {
          judge(context.params, connected);
          return connected;
        }
        await delay(LOOK_EVERY_MS, undefined, { signal: context.signal });
      }
    }),
  );
}

async function newSessions(session: Session, target: DatabaseAddress): Promise<Pick<Connected, 'new' | 'states'>> {
  const states = await applicationSessions(session, target.database);
  return { new: countSessions(states), states };
}

/** @throws RehomeError CONNECTIONS_NOT_MOVED that says which source the application seems to read. */
function judge({ source, target, service }: VerifyConnectionsParams, found: Connected): void {
  if (found.old === 0 && found.new > 0) return;
  const where = `${String(found.old)} sessions at ${source.server.name}, ${String(found.new)} at ${target.server.name}`;
  throw new RehomeError(
    'CONNECTIONS_NOT_MOVED',
    `${service.name} runs, but does not use ${target.database} on ${target.server.name} (${where}); name the file that it really reads in configFiles of the service`,
    { facts: { old: found.old, new: found.new } },
  );
}
