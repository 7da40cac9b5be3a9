import type { StepRunKey } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { EditConfigResult } from '#shared/contracts/steps/service-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Connection } from '../../drivers/config-files/connection-edits.js';
import { namedFields } from '../../drivers/config-files/connection-edits.js';
import type { Step, StepContext } from '../../running/step.js';

type Context = StepContext<'edit-config'>;

/**
 * Points the application's file to the target: named keys only, every other byte kept. The driver keeps the
 * bytes as they were, once, before the first change; a second attempt finds them and never overwrites them.
 */
export const editConfig: Step<'edit-config'> = {
  kind: 'edit-config',

  async probe(context) {
    const { params, tools, run } = context;
    const connection = await connectionOf(context);
    const found = await tools.configFiles.probe(params.file, connection, run);
    if (found === 'original') return { state: 'not-started' };
    // Also for a file that somebody else changed: the edit names what to do about it and touches nothing.
    return { state: 'done', result: await edit(context, connection) };
  },

  async run(context) {
    const { params, tools, run, lease } = context;
    const connection = await connectionOf(context);
    await tools.configFiles.captureConfigFile(params.file, run);
    await tools.faults.reach('step.edit-config.captured');
    await lease.check();
    return edit(context, connection);
  },

  async verify({ params, tools }, result) {
    const { hash } = await tools.configFiles.read(params.file);
    if (hash === result.hashAfter) return;
    throw new RehomeError('CONFIG_FILE_CHANGED', `${params.file.path} is not as the edit left it; who else writes it?`);
  },

  undo: restore,

  describe({ file, connection }) {
    const { host, port, user, database } = connection;
    const url = `<as it stands, with host ${host}, port ${String(port)}, user ${user}, password $PASSWORD, database ${database}>`;
    const password = connection.secretRef === undefined ? 'as it is' : '$PASSWORD';
    const values = { host, port, user, database, password, url };
    const section = file.section === undefined ? '' : `[${file.section}] `;
    return namedFields(file.keys).map(({ field, key }) => ({
      tool: 'file',
      at: file.path,
      text: `${section}${key} = ${String(values[field])}`,
    }));
  },
};

/** The password that stood there is kept first: after the edit nobody else may know it, and a return needs it. */
async function edit(context: Context, connection: Connection): Promise<EditConfigResult> {
  const { params, tools, run } = context;
  const previous =
    connection.password === undefined ? undefined : await tools.configFiles.capturedPassword(params.file, run);
  const kept =
    previous === undefined || previous === ''
      ? {}
      : { previousSecretRef: await tools.secrets.store(keptAs(run), previous) };
  return { ...(await tools.configFiles.edit(params.file, connection, run)), ...kept };
}

function keptAs({ migrationId, stepId }: StepRunKey): string {
  return `previous/${migrationId}/${stepId}`;
}

async function restore(context: Context): Promise<JsonObject> {
  const { params, tools, run, result, lease } = context;
  const connection = await connectionOf(context);
  if ((await tools.configFiles.probe(params.file, connection, run)) === 'original') return { restored: false };
  await lease.check();
  // Without a result an attempt died after its edit: the same edit again changes nothing and tells both hashes.
  const hashes = result ?? (await tools.configFiles.edit(params.file, connection, run));
  await tools.configFiles.restore(params.file, run, hashes);
  await tools.secrets.forget(keptAs(run));
  return { restored: true };
}

async function connectionOf({ params, tools }: Context): Promise<Connection> {
  const { host, port, user, database, secretRef } = params.connection;
  const password = secretRef === undefined ? {} : { password: await tools.secrets.resolve(secretRef) };
  return { host, port, user, database, ...password };
}
