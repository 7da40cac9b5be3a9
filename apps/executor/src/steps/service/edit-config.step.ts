import type { JsonObject } from '#shared/contracts/json.js';
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
    return { state: 'done', result: await tools.configFiles.edit(params.file, connection, run) };
  },

  async run(context) {
    const { params, tools, run, lease } = context;
    const connection = await connectionOf(context);
    await tools.configFiles.captureConfigFile(params.file, run);
    await tools.faults.reach('step.edit-config.captured');
    await lease.check();
    return tools.configFiles.edit(params.file, connection, run);
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
    const values = { host, port, user, database, password: '$PASSWORD', url };
    const section = file.section === undefined ? '' : `[${file.section}] `;
    return namedFields(file.keys).map(({ field, key }) => ({
      tool: 'file',
      at: file.path,
      text: `${section}${key} = ${String(values[field])}`,
    }));
  },
};

async function restore(context: Context): Promise<JsonObject> {
  const { params, tools, run, result, lease } = context;
  const connection = await connectionOf(context);
  if ((await tools.configFiles.probe(params.file, connection, run)) === 'original') return { restored: false };
  await lease.check();
  // Without a result an attempt died after its edit: the same edit again changes nothing and tells both hashes.
  const hashes = result ?? (await tools.configFiles.edit(params.file, connection, run));
  await tools.configFiles.restore(params.file, run, hashes);
  return { restored: true };
}

async function connectionOf({ params, tools }: Context): Promise<Connection> {
  const { host, port, user, database, secretRef } = params.connection;
  return { host, port, user, database, password: await tools.secrets.resolve(secretRef) };
}
