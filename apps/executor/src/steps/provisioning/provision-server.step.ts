import type { JsonObject } from '#shared/contracts/json.js';
import type { SecretRef, ServerEndpoint } from '#shared/contracts/registry.js';
import type { ProvisionServerResult } from '#shared/contracts/steps/provision-steps.js';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import {
  idempotencyKeyOf,
  type DedicatedServer,
  type ProvisionerClient,
} from '../../drivers/provisioner/provisioner.client.js';
import type { Step, StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, withAdmin } from '../step-session.js';

type Context = StepContext<'provision-server'>;

/** Asks for a dedicated server. The same key gets the same answer, so asking again after a crash is safe. */
export const provisionServer: Step<'provision-server'> = {
  kind: 'provision-server',

  // Only the provisioner knows; it replays its answer for a known key.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { params, run, signal, lease, tools } = context;
    await lease.check();
    const server = await clientOf(context).provision(params.instanceId, idempotencyKeyOf(run), signal);
    await tools.faults.reach('step.provision-server.answered');
    // Before anything else can fail: the password is nowhere else.
    const secretRef = await tools.secrets.store(`migrations/${run.migrationId}/${run.stepId}`, server.password);
    return resultFrom(server, secretRef, params.knownServers);
  },

  async verify(context, { server }) {
    await withAdmin(context, server, MAINTENANCE_DATABASE, (session) => session.query('select 1'));
  },

  undo: giveBack,

  describe({ instanceId }) {
    const body = JSON.stringify({ instance_id: instanceId });
    return [{ tool: 'http', at: 'provisioner', text: `POST /api/database/provision-dedicated ${body}` }];
  },
};

/** `db_user` is the application's role where the registry knows an administrator, else administrator and owner. */
function resultFrom(
  { dbServerId, host, port, user }: DedicatedServer,
  roleSecretRef: SecretRef,
  knownServers: readonly ServerEndpoint[],
): ProvisionServerResult {
  const known = knownServers.find(({ name }) => name === dbServerId);
  const admin = known ?? { adminUser: user, adminSecretRef: roleSecretRef };
  const { adminUser, adminSecretRef } = admin;
  return {
    server: { name: dbServerId, host, port, adminUser, adminSecretRef },
    role: user,
    roleSecretRef,
    knownToRegistry: known !== undefined,
  };
}

async function giveBack(context: Context): Promise<JsonObject> {
  const { run, result, signal, lease } = context;
  const dbServerId = result?.server.name ?? (await serverOfDeadRun(context));
  if (dbServerId === undefined)
    return { deprovisioned: false, orphan: `ask the provisioner about ${idempotencyKeyOf(run)}` };
  await lease.check();
  if ((await clientOf(context).deprovision(dbServerId, signal)) === 'deprovisioned')
    return { deprovisioned: true, dbServerId };
  return { deprovisioned: false, dbServerId, orphan: `server ${dbServerId} stays; give it back by hand` };
}

/**
 * A run that died may have got a server that nobody wrote down: the same key tells its name. A provisioner that gave
 * none so far may make one now, which is given back at once. No answer in time: it is reported instead.
 */
async function serverOfDeadRun(context: Context): Promise<string | undefined> {
  const { params, run, signal, tools } = context;
  const client = clientOf(context);
  if (!client.canDeprovision) return undefined;
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(REPLAY_TIMEOUT_MS)]);
    return (await client.provision(params.instanceId, idempotencyKeyOf(run), patience)).dbServerId;
  } catch (error) {
    signal.throwIfAborted();
    tools.logger.warn({ ...run, err: toRehomeError(error) }, 'the provisioner does not tell which server it made');
    return undefined;
  }
}

const REPLAY_TIMEOUT_MS = 30_000;

function clientOf({ tools }: Context): ProvisionerClient {
  if (tools.provisioner !== undefined) return tools.provisioner;
  throw new RehomeError(
    'PROVISIONER_REFUSED',
    'no provisioner is configured; set REHOME_PROVISIONER_URL of the executor',
  );
}
