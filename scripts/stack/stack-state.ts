import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiKeys } from './api-keys.js';
import { projectRoot } from './project-root.js';
import type { RunningStack } from './running-stack.js';

/** What `stack -- up --json` prints; its shape is promised to programs. */
export interface StackAddresses {
  readonly plannerUrl: string;
  readonly executorUrl: string;
  readonly apiKeys: ApiKeys;
  readonly kafkaBrokers: string;
  readonly ledgerUrl: string;
  /** The ledger as its administrator. */
  readonly ledgerAdminUrl: string;
  readonly analystUrl: string;
  readonly cataloguePath: string;
  readonly provisionerUrl: string;
  readonly servers: readonly {
    readonly name: string;
    readonly major: number;
    readonly host: string;
    readonly port: number;
    readonly adminUrl: string;
  }[];
}

export interface StackState {
  readonly pid: number;
  readonly startedAt: string;
  readonly addresses: StackAddresses;
}

/**
 * Files of the stack of this clone; the folder is ours alone (0700), because it holds keys. `REHOME_STACK_DIRECTORY`
 * names another, for a second stack beside it.
 */
export const STACK_DIRECTORY = process.env['REHOME_STACK_DIRECTORY'] ?? join(projectRoot(), '.rehome', 'stack');
const STATE_FILE = join(STACK_DIRECTORY, 'state.json');

export function readStackState(): StackState | undefined {
  if (!existsSync(STATE_FILE)) return undefined;
  const state = JSON.parse(readFileSync(STATE_FILE, 'utf8')) as StackState;
  return isAlive(state.pid) ? state : undefined;
}

export function writeStackState(state: StackState): void {
  mkdirSync(STACK_DIRECTORY, { recursive: true, mode: 0o700 });
  writeFileSync(`${STATE_FILE}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${STATE_FILE}.new`, STATE_FILE);
}

export function removeStackFiles(): void {
  rmSync(STACK_DIRECTORY, { recursive: true, force: true });
}

export function addressesOf(stack: RunningStack): StackAddresses {
  return {
    plannerUrl: stack.plannerUrl,
    executorUrl: stack.executorUrl,
    apiKeys: stack.apiKeys,
    kafkaBrokers: stack.kafka?.brokers ?? '',
    ledgerUrl: stack.ledgerUrls.plannerUrl,
    ledgerAdminUrl: stack.ledgerAdminUrl,
    analystUrl: stack.ledgerUrls.analystUrl,
    cataloguePath: stack.cataloguePath,
    provisionerUrl: stack.provisionerUrl ?? '',
    servers: stack.servers.map(({ name, major, host, port, adminUrl }) => ({ name, major, host, port, adminUrl })),
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
