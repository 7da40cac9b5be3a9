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

describe('a line that cannot be read', () => {
  it.each([
    [['list', '--colour'], "unknown option '--colour'"],
    [['sumbit'], "unknown command 'sumbit'"],
    [['project'], 'a command is missing'],
    [['approve'], "missing required argument 'id'"],
  ])('is an error for programs, too: rehome %j --json', async (args, detail) => {
    const { code, out, err } = await cli.run([...args, '--json']);
    expect([code, out]).toEqual([64, '']);
    expect(JSON.parse(err)).toEqual({
      error: { code: 'CLI', detail: expect.stringContaining(detail), next: 'rehome --help' },
    });
  });
});

describe('where only ASCII is understood', () => {
  it('nothing of ours is beyond it', async () => {
    const typed = ['submit', 'backup', '--database', 'pool-1/shop', '--dry-run'];
    const { err } = await cli.run(typed, { env: { LANG: 'C' } });
    expect(err).toContain('planning: databases are looked at, nothing is changed ...');
    expect(err).toMatch(/^[\x20-\x7e\n]*$/);
  }, 60_000);
});

/** Lines, what is completed among others, and what is not. */
const COMPLETIONS = [
  ['rehome ap', 'approve', 'list'],
  ['rehome server li', 'list', 'cleanup'],
  ['rehome submit upgrade --to', '--to-plan', '--hash'],
  ['rehome --url http://x report 0193 --format ht', 'html', 'plain'],
  ['rehome approve 0193 --conf', '--confirm', '--step'],
] as const;
const has = (shellName: string) => spawnSync(shellName, ['--version']).status === 0;

describe('rehome completion bash', () => {
  it.each(COMPLETIONS)('completes %j', async (line, word, other) => {
    const script = cli.file('completion.bash', (await cli.run(['completion', 'bash'])).out);
    const words = line.split(' ');
    const ask = [
      `source '${script}'`,
      `COMP_WORDS=(${words.map((one) => `'${one}'`).join(' ')})`,
      `COMP_CWORD=${String(words.length - 1)}`,
      '_rehome',
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    const completed = shell(ask).stdout.split('\n');
    expect(completed).toContain(word);
    expect(completed).not.toContain(other);
  });
});

(has('fish') ? describe : describe.skip)('rehome completion fish (needs fish)', () => {
  it.each(COMPLETIONS)('completes %j', async (line, word, other) => {
    const script = cli.file('completion.fish', (await cli.run(['completion', 'fish'])).out);
    const asked = spawnSync('fish', ['--no-config', '-c', `source '${script}'; complete -C '${line}'`], {
      encoding: 'utf8',
    });
    const completed = asked.stdout.split('\n').map((one) => one.split('\t')[0]);
    expect(asked.stderr).toBe('');
    expect(completed).toContain(word);
    expect(completed).not.toContain(other);
  });
});
