import type { JsonObject } from '#shared/contracts/json.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { KnownLogin } from '../../postgres/fence-proof.js';
import { describeFence, fenceDatabase, fenceState, liftFence } from '../../postgres/fencing.js';
import type { Step, StepContext } from '../../running/step.js';
import { placeOf, withDatabase } from '../step-session.js';
import { refuseDrift } from './capture-source.step.js';

/** Lets nobody but the administrator in, and proves it. What it undoes with was captured by an earlier step. */
export const fenceSource: Step<'fence-source'> = {
  kind: 'fence-source',

  async probe(context) {
    const { source, captured } = context.params;
    const state = await withDatabase(context, source, (session) => fenceState(session, captured));
    // A fenced database may still hold sessions: only draining it again proves that nobody is left.
    return state === 'open' ? { state: 'not-started' } : { state: 'partial', detail: `${source.database} is ${state}` };
  },

  async run(context) {
    const { source, captured, fingerprint } = context.params;
    const { signal, lease } = context;
    return withDatabase(context, source, async (session) => {
      const logins = await knownLogins(context);
      await lease.check();
      const result = await fenceDatabase(session, captured, { signal, logins });
      await refuseDrift(session, { database: source.database, owner: captured.owner, expected: fingerprint });
      return result;
    });
  },

  async verify(context) {
    const { source, captured } = context.params;
    const state = await withDatabase(context, source, (session) => fenceState(session, captured));
    if (state === 'fenced') return;
    throw new RehomeError('FENCE_NOT_PROVEN', `${source.database} is ${state}; who lifts its fence?`);
  },

  undo: lift,

  describe({ source }) {
    const at = placeOf(source.server);
    return describeFence(source.database, source.server.adminUser).map((text) => ({ tool: 'sql', at, text }));
  },
};

async function knownLogins({ params, tools }: StepContext<'fence-source'>): Promise<KnownLogin[]> {
  const { source, login } = params;
  if (login === undefined) return [];
  const { host, port } = source.server;
  const password = await tools.secrets.resolve(login.secretRef);
  return [{ host, port, user: login.user, password, database: source.database }];
}

async function lift(context: StepContext<'fence-source'>): Promise<JsonObject> {
  const { source, captured } = context.params;
  return withDatabase(context, source, async (session) => {
    await context.lease.check();
    await liftFence(session, captured);
    return { state: await fenceState(session, captured) };
  });
}
