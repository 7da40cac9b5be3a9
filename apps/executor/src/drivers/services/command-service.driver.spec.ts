import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redactor } from '../../secrets/redact.js';
import { CommandServiceDriver } from './command-service.driver.js';

const { signal } = new AbortController();

describe('the command service driver', () => {
  let directory: string;
  let program: string;
  let redactor: Redactor;

  /** A program of the operators: notes its arguments, input and environment, then does what the test wants. */
  async function driverFor(script: string, timeoutMs?: number): Promise<CommandServiceDriver> {
    await writeFile(
      program,
      `#!/bin/sh\nprintf '%s\\n' "$@" > "${directory}/args"\nenv > "${directory}/env"\n${script}\n`,
      { mode: 0o700 },
    );
    const argv = (verb: string): string[] => [program, verb, 'a b; echo "$HOME"'];
    const commands = {
      stop: argv('stop'),
      start: argv('start'),
      status: argv('status'),
      environment: argv('environment'),
      resources: argv('resources'),
    };
    return new CommandServiceDriver('acme', commands, {
      allowedCommands: [program],
      redactor,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  const noted = (name: string): Promise<string> => readFile(join(directory, name), 'utf8');

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rehome-command-'));
    program = join(directory, 'ctl');
    redactor = new Redactor();
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('runs the arguments as they are, without a shell and without our environment', async () => {
    const driver = await driverFor('exit 0');
    await driver.stop(signal);
    expect(await noted('args')).toBe('stop\na b; echo "$HOME"\n');
    expect(await noted('env')).not.toContain('HOME=');
  });

  it.each([
    [0, 'running'],
    [3, 'stopped'],
    [1, 'unknown (exit 1)'],
  ])('takes exit %d of status for %s', async (code, state) => {
    expect(await (await driverFor(`exit ${String(code)}`)).status(signal)).toEqual({ state });
  });

  it('gives variables and resources on standard input, never in the arguments', async () => {
    const driver = await driverFor(`cat > "${directory}/input"`);
    await driver.setEnvironment({ DB_HOST: 'x', DB_PASSWORD: 'can ary=1' }, signal);
    expect(await noted('input')).toBe('DB_HOST=x\nDB_PASSWORD=can ary=1\n');
    expect(await noted('args')).not.toContain('can ary');
    await driver.resize({ cpu: 2 }, signal);
    expect(await noted('input')).toBe('{"cpu":2}\n');
  });

  it('refuses a variable that would become two', async () => {
    const driver = await driverFor('exit 0');
    await expect(driver.setEnvironment({ A: 'x\nB=y' }, signal)).rejects.toMatchObject({
      code: 'CONFIG_VALUE_UNWRITABLE',
    });
  });

  it('tells what the program said when it fails, without secrets', async () => {
    redactor.add('canary-1');
    const driver = await driverFor('echo "no unit, password canary-1" >&2; exit 5');
    await expect(driver.start(signal)).rejects.toMatchObject({
      code: 'SERVICE_REFUSED',
      message: '"start" of the service acme ended with 5: no unit, password [redacted]',
    });
  });

  it('ends a program and its children that do not end in time', async () => {
    const driver = await driverFor(
      `sh -c 'trap "" TERM; echo $$ > "${directory}/child"; while :; do sleep 0.1; done' & wait`,
      2_000,
    );
    await expect(driver.stop(signal)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    const child = Number(await noted('child'));
    expect(child).toBeGreaterThan(0);
    // It is killed by then; the kernel may need a moment to take it away.
    while (isAlive(child)) await setImmediate();
  });

  it('does not wait for a daemon that start leaves behind', async () => {
    const driver = await driverFor('sleep 20 & echo $! > "$(dirname "$0")/daemon"');
    await driver.start(signal);
    process.kill(Number(await noted('daemon')));
  });

  it('runs only programs of the allow-list, by absolute path', async () => {
    await driverFor('exit 0');
    for (const argv of [['/bin/sh', '-c', 'true'], ['ctl'], [`${directory}/../x`]]) {
      const driver = new CommandServiceDriver(
        'acme',
        { stop: argv, start: argv, status: argv },
        { allowedCommands: [program, 'ctl'], redactor },
      );
      await expect(driver.stop(signal)).rejects.toMatchObject({ code: 'COMMAND_NOT_ALLOWED' });
    }
  });

  it('says what is missing when a verb has no command, or its program is not there', async () => {
    const driver = new CommandServiceDriver(
      'acme',
      { stop: [program], start: [program], status: [program] },
      { allowedCommands: [program], redactor },
    );
    await expect(driver.resize({}, signal)).rejects.toMatchObject({
      code: 'SERVICE_REFUSED',
      message: expect.stringContaining('no command for "resources"'),
    });
    await expect(driver.stop(signal)).rejects.toMatchObject({
      code: 'SERVICE_REFUSED',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('ends the program when the step is cancelled', async () => {
    const driver = await driverFor(`echo $$ > "${directory}/pid"; exec sleep 20`);
    const controller = new AbortController();
    const stopping = driver.stop(controller.signal);
    setTimeout(() => controller.abort(new Error('cancelled')), 100);
    await expect(stopping).rejects.toThrow('cancelled');
  });
});

/** A killed child that nobody has waited for yet is a zombie, not alive. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}
