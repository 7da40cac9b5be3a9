import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { hasCode } from './drivers/config-files/atomic-file.js';
import type { Vault } from './secrets/vault.js';

export interface Site {
  readonly name: string;
  readonly workRoot: string;
}

/**
 * Proves that this executor shares work root and vault key with the others of its site: one nonce lies in the work
 * root and, sealed, in the vault. Only then may it continue their steps. The first of a site makes the nonce.
 *
 * @throws RehomeError CONFIGURATION_INVALID when the work root is another one; SECRET_MISSING when the key is.
 */
export async function proveSite(site: Site, vault: Vault): Promise<void> {
  if (!isAbsolute(site.workRoot)) throw invalid(`REHOME_WORK_ROOT is "${site.workRoot}"; give an absolute path`);
  await mkdir(site.workRoot, { recursive: true, mode: 0o700 });
  await chmod(site.workRoot, 0o700);
  const nonce = await nonceOf(site.workRoot);
  const name = `sites/${site.name}`;
  const known = await vault.get(name).catch(async (error: unknown) => {
    if (!(await isFirst(vault, name, error))) throw error;
    await vault.put(name, nonce);
    return vault.get(name);
  });
  if (known === nonce) return;
  throw invalid(
    `work root ${site.workRoot} is not the one of site "${site.name}"; mount that one, or give another REHOME_EXECUTOR_SITE`,
  );
}

/** A vault that holds the name under another key must stay as it is: only a missing row makes us the first. */
async function isFirst(vault: Vault, name: string, error: unknown): Promise<boolean> {
  return error instanceof RehomeError && error.code === 'SECRET_MISSING' && !(await vault.has(name));
}

/** Created exclusively: of two executors that start at once, both read what one wrote. */
async function nonceOf(workRoot: string): Promise<string> {
  const path = join(workRoot, '.rehome-site');
  await writeFile(path, `${randomBytes(16).toString('hex')}\n`, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
  return (await readFile(path, 'utf8')).trim();
}

function invalid(detail: string): RehomeError {
  return new RehomeError('CONFIGURATION_INVALID', detail);
}
