import { EventEmitter, once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { runPostgresUrl } from '../../../../test/harness/run-addresses.js';
import { addressOf, inSession, NEVER, run } from '../../../../test/harness/moved-database.js';
import { dumpDatabase, restoreDatabase, type ToolProgress } from './dump-and-restore.js';
import { processRecord, runTool } from './run-tool.js';
import type { SessionAddress } from './session.js';
import { endRecordedProcess, markProcess } from './tool-process.js';
import { chooseTools, findTools, type PostgresTools } from './tools.js';

const PASSWORD = `can:ary \\ 'secret' ü`;

describe('pg_dump and pg_restore', () => {
  const admin = addressOf(runPostgresUrl());
  const mark = `tool${String(process.pid)}`;
  const role = `tools "${mark}"`;
  const names = [`postgres://x?a=b 'q' \\ ${mark}`, `copy ${mark}`];
  let tools: PostgresTools;
  let work: string;
  let source: SessionAddress;
  let target: SessionAddress;

  beforeAll(async () => {
    tools = chooseTools(await findTools([]), { source: 15 });
    await run(
      admin,
      `create role ${quoteIdentifier(role)} superuser login password '${PASSWORD.replaceAll("'", "''")}'`,
    );
    for (const name of names) await run(admin, `create database ${quoteIdentifier(name)} template template0`);
    [source, target] = names.map((database) => ({ ...admin, user: role, password: PASSWORD, database })) as [
      SessionAddress,
      SessionAddress,
    ];
    await run(
      source,
      `create table public."Tab ""ü""" (id int primary key); insert into public."Tab ""ü""" select generate_series(1, 100)`,
    );
    await run(source, `create table public.other as select 1 as x`);
  });

  beforeEach(async () => {
    work = await mkdtemp(join(tmpdir(), 'rehome-tool-'));
  });

  afterEach(() => rm(work, { recursive: true, force: true }));

  afterAll(async () => {
    for (const name of names) await run(admin, `drop database if exists ${quoteIdentifier(name)} with (force)`);
    await run(admin, `drop role if exists ${quoteIdentifier(role)}`);
  });

  test('carry a database whose name looks like a connection string, and tell their progress', async () => {
    const seen: ToolProgress[] = [];
    const call = {
      tools,
      applicationName: 'rehome:00000000:1',
      workDirectory: work,
      directory: join(work, 'dump'),
      jobs: 2,
      signal: NEVER,
      onProgress: (progress: ToolProgress) => seen.push(progress),
    };
    await dumpDatabase({ ...call, address: source }, 2);
    expect(seen.at(-1)).toEqual({ done: 2, total: 2, unit: 'tables' });
    const items = await restoreDatabase({ ...call, address: target }, { schemas: [], extensions: [] });
    expect(seen.at(-1)).toMatchObject({ total: items, unit: 'items' });
    const { rows } = await run(target, `select count(*)::int as count from public."Tab ""ü"""`);
    expect(rows).toEqual([{ count: 100 }]);
  });

  test('leave nothing that others could read, and no password file', async () => {
    const directory = join(work, 'dump');
    await dumpDatabase(
      {
        tools,
        address: source,
        applicationName: 'rehome:00000000:1',
        workDirectory: work,
        directory,
        jobs: 1,
        signal: NEVER,
      },
      2,
    );
    for (const name of await readdir(directory)) expect((await stat(join(directory, name))).mode & 0o077).toBe(0);
    expect((await readdir(work)).sort()).toEqual(['dump', 'tool.json']);
  });

  test('that fail tell their exit and their last lines, the password taken out', async () => {
    const directory = join(work, 'dump');
    const failure = dumpDatabase(
      {
        tools,
        address: { ...source, database: 'not there' },
        applicationName: 'x',
        workDirectory: work,
        directory,
        jobs: 1,
        signal: NEVER,
      },
      1,
    );
    await expect(failure).rejects.toMatchObject({ code: 'TOOL_FAILED', facts: { tool: 'pg_dump', exit: '1' } });
    await expect(failure).rejects.toThrow(/database "not there" does not exist/);
    const spoken = runTool(
      {
        program: await script(`echo "password is $(cut -d: -f5- "$PGPASSFILE")" >&2; exit 3`),
        arguments: [],
        address: { ...source, password: 'plain' },
        workDirectory: work,
      },
      NEVER,
    );
    await expect(spoken).rejects.toThrow('password is ***');
  });

  test('are refused a password that a password file cannot hold', async () => {
    const call = runTool(
      { program: '/bin/true', arguments: [], address: { ...source, password: 'a\nb' }, workDirectory: work },
      NEVER,
    );
    await expect(call).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });

  test('never show the password in arguments or environment', async () => {
    const program = await script('tr "\\0" " " < /proc/$$/cmdline; tr "\\0" "\\n" < /proc/$$/environ');
    const { stdout } = await runTool(
      { program, arguments: ['--verbose'], address: source, applicationName: 'n', workDirectory: work },
      NEVER,
    );
    expect(stdout).toContain('PGPASSFILE=');
    expect(stdout).not.toContain('can:ary');
  });

  test('that are cancelled end with all their processes', async () => {
    const abort = new AbortController();
    const lines = new EventEmitter();
    const started = once(lines, 'line');
    const program = await script('(trap "" TERM; sleep 1000) & echo "$!" > "$1/child"; echo ready >&2; wait');
    const running = runTool(
      { program, arguments: [work], workDirectory: work, onLine: () => lines.emit('line') },
      abort.signal,
    );
    await started;
    const child = Number(await readFile(join(work, 'child'), 'utf8'));
    expect(await markProcess(child)).toBeDefined();
    abort.abort(new Error('cancelled by somebody'));
    await expect(running).rejects.toThrow('cancelled by somebody');
    // It is killed by then; the kernel may need a moment to take it away.
    while (await markProcess(child)) await setImmediate();
  });

  test('of an attempt that crashed are found by pid and start time and ended, another process of that pid is not', async () => {
    const lines = new EventEmitter();
    const started = once(lines, 'line');
    const program = await script('echo ready >&2; sleep 1000');
    const running = runTool({ program, arguments: [], workDirectory: work, onLine: () => lines.emit('line') }, NEVER);
    const ended = running.catch((error: unknown) => error);
    await started;
    const record = await readFile(processRecord(work), 'utf8');
    const stranger = JSON.stringify({ pid: process.pid, startedAt: '1' });
    await writeFile(processRecord(work), stranger);
    expect(await endRecordedProcess(processRecord(work), NEVER)).toBe(false);
    await writeFile(processRecord(work), record);
    expect(await endRecordedProcess(processRecord(work), NEVER)).toBe(true);
    await expect(ended).resolves.toMatchObject({ code: 'TOOL_FAILED' });
    expect(await endRecordedProcess(processRecord(work), NEVER)).toBe(false);
  });

  test('never start when their process cannot be recorded, so that none runs which nobody could find', async () => {
    const program = await script('echo started > "$1/started"');
    const missing = join(work, 'missing');
    const call = runTool({ program, arguments: [work], workDirectory: missing }, NEVER);
    await expect(call).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(work)).toEqual(['tool.sh']);
  });

  test('are chosen so that source <= tools <= target', () => {
    const found = [18, 16, 15].map((major) => ({ ...tools, major, version: String(major) }));
    expect(chooseTools(found, { source: 15, target: 16 }).major).toBe(16);
    expect(chooseTools(found, { source: 13, target: 15 }).major).toBe(15);
    expect(chooseTools(found, { source: 17 }).major).toBe(18);
    expect(() => chooseTools(found, { source: 13, target: 14 })).toThrow(/13 to 14 are needed; found 18, 16, 15/);
    expect(() => chooseTools([], { source: 15, target: 15 })).toThrow(/PostgreSQL 15 are needed; found none/);
  });

  test('that are in no directory are missing, not an accident', async () => {
    const found = await findTools([join(work, 'nowhere')]);
    expect(found[0]).toMatchObject({
      pgDump: expect.stringMatching(/pg_dump$/),
      version: expect.stringMatching(/^\d+/),
    });
  });

  async function script(text: string): Promise<string> {
    const path = join(work, 'tool.sh');
    await writeFile(path, `#!/bin/sh\n${text}\n`);
    await chmod(path, 0o700);
    return path;
  }

  test('and a session agree on who they are', async () => {
    const { rows } = await inSession(source, (session) => session.query('select current_user::text as name'));
    expect(rows).toEqual([{ name: role }]);
  });
});
