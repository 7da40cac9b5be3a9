import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { untilToldToEnd } from '../../examples/sample-tenant/ready-line.js';
import { RunningStack } from './running-stack.js';
import type { StackOptions } from './stack-options.js';
import {
  addressesOf,
  isAlive,
  readStackState,
  removeStackFiles,
  STACK_DIRECTORY,
  writeStackState,
  type StackAddresses,
} from './stack-state.js';
import { toolMajor } from './tool-major.js';

export interface UpOptions {
  readonly pg?: readonly number[];
  readonly kafka: string;
  readonly services: string;
  readonly provisioner?: string;
  readonly json?: boolean;
}

const UP_TIMEOUT_MS = 300_000;
const LOG_FILE = join(STACK_DIRECTORY, 'stack.log');

/** @throws InvalidArgumentError for anything but majors from 13 to 18. */
export function parseMajors(text: string): number[] {
  const majors = text.split(',').map(Number);
  if (majors.some((major) => !Number.isInteger(major) || major < 13 || major > 18)) {
    throw new InvalidArgumentError('give majors from 13 to 18, as in 13,15,18');
  }
  return [...new Set(majors)];
}

/** Starts a process that holds the stack, waits until it serves, prints where. A stack that runs already is answered. */
export async function stackUp(options: UpOptions): Promise<void> {
  const running = readStackState();
  if (running) {
    requireMajors(running.addresses, options.pg);
    printAddresses(running.addresses, options.json === true);
    return;
  }
  removeStackFiles();
  mkdirSync(STACK_DIRECTORY, { recursive: true, mode: 0o700 });
  process.stderr.write('Starting PostgreSQL, Kafka, planner and executor …\n');
  const log = openSync(LOG_FILE, 'a', 0o600);
  const child = spawn(process.execPath, [process.argv[1] ?? '', 'serve', ...argumentsOf(options)], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  printAddresses(await addressesFrom(child.pid ?? 0), options.json === true);
}

/** Holds the stack until it is told to end; `up` starts it in the background. */
export async function stackServe(options: UpOptions): Promise<void> {
  const ended = untilToldToEnd();
  const majors = options.pg ?? [toolMajor()];
  const ledgerAdminUrl = process.env['REHOME_LEDGER_URL'];
  const stack = await RunningStack.start({
    servers: majors.map((major) => ({ name: `pg${String(major)}`, major })),
    kafka: options.kafka !== 'off',
    services: options.services !== 'off',
    durable: true,
    directory: STACK_DIRECTORY,
    provisionedMajor: Math.max(...majors),
    ...provisionerOf(options),
    ...(ledgerAdminUrl === undefined || ledgerAdminUrl === '' ? {} : { ledgerAdminUrl }),
    onProgress: (what) => process.stdout.write(`starting ${what}\n`),
  });
  writeStackState({ pid: process.pid, startedAt: new Date().toISOString(), addresses: addressesOf(stack) });
  await ended;
  await stack.stop();
  removeStackFiles();
}

function provisionerOf({ provisioner }: UpOptions): Pick<StackOptions, 'provisioner'> {
  if (provisioner === undefined) return {};
  return { provisioner: provisioner === 'off' ? 'off' : { url: provisioner } };
}

/** A stack keeps the servers it was started with. */
function requireMajors({ servers }: StackAddresses, asked: readonly number[] | undefined): void {
  const have = servers.map(({ major }) => major).sort((one, other) => one - other);
  const wanted = [...(asked ?? have)].sort((one, other) => one - other);
  if (wanted.join() === have.join()) return;
  throw new Error(
    `a stack of PostgreSQL ${have.join(', ')} is running, not of ${wanted.join(', ')}: end it with npm run stack -- down first`,
  );
}

export async function stackDown(): Promise<void> {
  const state = readStackState();
  if (!state) {
    removeStackFiles();
    process.stdout.write('No stack is running.\n');
    return;
  }
  process.kill(state.pid, 'SIGTERM');
  while (isAlive(state.pid)) await new Promise((resolve) => setTimeout(resolve, 100));
  process.stdout.write('The stack is stopped and its files are removed. Start it again: npm run stack -- up\n');
}

export async function stackStatus(options: { readonly json?: boolean }): Promise<void> {
  const state = readStackState();
  const health = state ? await healthOf(state.addresses) : {};
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ running: state !== undefined, health, ...state?.addresses })}\n`);
    return;
  }
  if (!state) {
    process.stdout.write('No stack is running. Start it: npm run stack -- up\n');
    return;
  }
  for (const [name, answer] of Object.entries(health)) process.stdout.write(`${name.padEnd(10)}${answer}\n`);
  printAddresses(state.addresses, false);
}

function argumentsOf(options: UpOptions): string[] {
  return [
    ...(options.pg === undefined ? [] : ['--pg', options.pg.join(',')]),
    ...['--kafka', options.kafka, '--services', options.services],
    ...(options.provisioner === undefined ? [] : ['--provisioner', options.provisioner]),
  ];
}

async function addressesFrom(pid: number): Promise<StackAddresses> {
  const deadline = Date.now() + UP_TIMEOUT_MS;
  for (;;) {
    const state = readStackState();
    if (state) return state.addresses;
    if (!isAlive(pid)) throw new Error(`the stack did not start:\n${logTail()}`);
    if (Date.now() > deadline) throw new Error(`the stack did not start in time; see ${LOG_FILE}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function logTail(): string {
  return existsSync(LOG_FILE) ? readFileSync(LOG_FILE, 'utf8').split('\n').slice(-20).join('\n') : '';
}

async function healthOf(addresses: StackAddresses): Promise<Record<string, string>> {
  const ask = async (url: string) => {
    try {
      const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      return answer.ok ? 'ready' : `not ready (${String(answer.status)})`;
    } catch {
      return 'unknown: no answer';
    }
  };
  return { planner: await ask(addresses.plannerUrl), executor: await ask(addresses.executorUrl) };
}

function printAddresses(addresses: StackAddresses, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(addresses)}\n`);
    return;
  }
  const lines = [
    ['planner', `${addresses.plannerUrl}  (calls: ${addresses.plannerUrl}/docs)`],
    ['executor', addresses.executorUrl],
    ['kafka', addresses.kafkaBrokers || 'off'],
    ...addresses.servers.map((server) => [server.name, `${server.host}:${String(server.port)}`]),
    ['catalogue', addresses.cataloguePath],
  ];
  for (const [name = '', value = ''] of lines) process.stdout.write(`${name.padEnd(10)}${value}\n`);
  process.stdout.write('Keys and connection strings: npm run stack -- status --json\nStop: npm run stack -- down\n');
}
