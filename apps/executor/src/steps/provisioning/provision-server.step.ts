import type { JsonObject } from '#shared/contracts/json.js';
import type { SecretRef, ServerEndpoint } from '#shared/contracts/registry.js';
import type { ProvisionServerResult } from '#shared/contracts/steps/provision-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
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
  // Asking again could make a server of a request that never arrived; so an unknown one is only reported.
  if (result === undefined)
    return { deprovisioned: false, orphan: `ask the provisioner about ${idempotencyKeyOf(run)}` };
  const dbServerId = result.server.name;
  await lease.check();
  if ((await clientOf(context).deprovision(dbServerId, signal)) === 'deprovisioned')
    return { deprovisioned: true, dbServerId };
  return { deprovisioned: false, dbServerId, orphan: `server ${dbServerId} stays; give it back by hand` };
}

function clientOf({ tools }: Context): ProvisionerClient {
  if (tools.provisioner !== undefined) return tools.provisioner;
  throw new RehomeError(
    'PROVISIONER_REFUSED',
    'no provisioner is configured; set REHOME_PROVISIONER_URL of the executor',
  );
}
