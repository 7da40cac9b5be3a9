import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureCommandKeys } from './command-keys.js';

export interface KeysPlace {
  /** Each sub-folder is mounted by whom it is named after, and by nobody else. */
  readonly directory: string;
  /** `host:port` of the ledger's server. */
  readonly ledgerAddress: string;
}

/**
 * Makes every password and key of an installation that is not there yet, and what follows from them. What is there
 * stays, so that it can be repeated at each start, and so that a file put there beforehand counts.
 *
 * @returns the files that were written, relative to the directory
 */
export function makeKeys({ directory, ledgerAddress }: KeysPlace): string[] {
  const written: string[] = [];
  const write = (file: string, content: string): void => {
    writeWhole(join(directory, file), content);
    written.push(file);
  };
  const once = (file: string, make: () => string): string => {
    const path = join(directory, file);
    if (!existsSync(path)) write(file, make());
    return readFileSync(path, 'utf8').trimEnd();
  };
  /** Follows from a secret: written anew when that was exchanged. */
  const derived = (file: string, content: string): void => {
    const path = join(directory, file);
    if (!existsSync(path) || readFileSync(path, 'utf8') !== content) write(file, content);
  };
  const urlOf = (user: string, password: string, database: string): string =>
    `postgres://${user}:${encodeURIComponent(password)}@${ledgerAddress}/${database}\n`;

  derived('ledger/admin-url', urlOf('postgres', once('ledger/admin-password', password), 'postgres'));
  derived('planner/ledger-url', urlOf('rehome_planner', once('ledger/planner-password', password), 'rehome'));
  derived('executor/ledger-url', urlOf('rehome_executor', once('ledger/executor-password', password), 'rehome'));
  derived('operator/analyst-url', urlOf('rehome_analyst', once('ledger/analyst-password', password), 'rehome'));
  once('executor/vault-key', () => randomBytes(32).toString('base64'));
  const apiKey = once('operator/api-key', password);
  once('planner/api-keys', () => `operator:operator:${createHash('sha256').update(apiKey).digest('hex')}`);
  if (makeCommandKeys(directory)) written.push('planner/signing.pem', 'executor/commands.pem');
  return written;
}

/** A crash leaves the file whole or not at all. */
function writeWhole(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.unfinished`;
  writeFileSync(unfinished, content.endsWith('\n') ? content : `${content}\n`, { mode: 0o600, flush: true });
  renameSync(unfinished, path);
}

function password(): string {
  return randomBytes(32).toString('base64url');
}

/** @returns whether anything was missing */
function makeCommandKeys(directory: string): boolean {
  const [signingKey, commandKeys] = [join(directory, 'planner/signing.pem'), join(directory, 'executor/commands.pem')];
  const missing = !existsSync(signingKey) || !existsSync(commandKeys);
  ensureCommandKeys({ signingKey, commandKeys });
  return missing;
}
