import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CliRig } from '../harness/cli-rig.js';

/** What needs no planner: how the command line meets the shell it is typed in. */
const PROGRAM = join(process.cwd(), 'scripts/rehome.mjs');
let cli: CliRig;

beforeAll(async () => {
  cli = new CliRig({ url: 'http://127.0.0.1:9', apiKey: 'none' });
  // It may have to be built first.
  await cli.run(['--version']);
}, 120_000);

afterAll(() => cli?.remove());

/** A line of bash; `rehome` is the real program. */
function shell(line: string) {
  const script = `rehome() { '${process.execPath}' '${PROGRAM}' "$@"; }; set -o pipefail; ${line}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: cli.directory, encoding: 'utf8' });
  return { status, stdout, stderr };
}

describe('a result that cannot be written', () => {
  it('is a failure that says why: a full disk', () => {
    for (const command of ['config show', 'config show --json', '--help'])
      expect(shell(`rehome ${command} > /dev/full`)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('the result could not be written: ENOSPC'),
      });
  }, 60_000);

  it('is none when whoever reads it has read enough', () => {
    expect(shell('rehome completion bash | head -1')).toMatchObject({ status: 0, stderr: '' });
  }, 60_000);
});
