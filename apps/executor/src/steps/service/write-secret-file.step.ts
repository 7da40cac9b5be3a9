import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Step } from '../../running/step.js';

/**
 * Gives the new password to an application that reads it from a file. What stood there is kept, sealed, before the
 * first change; a second attempt finds it and never overwrites it.
 */
export const writeSecretFile: Step<'write-secret-file'> = {
  kind: 'write-secret-file',

  async probe({ params, tools, run }) {
    const secret = await tools.secrets.resolve(params.secretRef);
    const found = await tools.secretFiles.probe(params.file, secret, run);
    if (found === 'original') return { state: 'not-started' };
    // Also for a file that somebody else changed: the write names what to do about it and touches nothing.
    return { state: 'done', result: await tools.secretFiles.write(params.file, secret, run) };
  },

  async run({ params, tools, run, lease }) {
    const secret = await tools.secrets.resolve(params.secretRef);
    await tools.secretFiles.capture(params.file, run);
    await tools.faults.reach('step.write-secret-file.captured');
    await lease.check();
    return tools.secretFiles.write(params.file, secret, run);
  },

  async verify({ params, tools, run }) {
    const secret = await tools.secrets.resolve(params.secretRef);
    if ((await tools.secretFiles.probe(params.file, secret, run)) === 'written') return;
    throw new RehomeError(
      'CONFIG_FILE_CHANGED',
      `${params.file.path} does not hold what was written; who else writes it?`,
    );
  },

  async undo({ params, result, tools, run, lease }) {
    const secret = await tools.secrets.resolve(params.secretRef);
    await lease.check();
    return { restored: await tools.secretFiles.restore(params.file, secret, run, result) };
  },

  describe({ file }) {
    return [{ tool: 'file', at: file.path, text: `$PASSWORD (mode ${file.mode ?? '0600'})` }];
  },
};
