import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RehomeError } from '#shared/errors/rehome-error.js';

/** A file as `PGPASSFILE` takes it, in a directory of its own. */
export interface Passfile {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Writes the password where only this user may read it (0600 in a 0700 directory): never into argv or the environment,
 * which every process of the user can read.
 * @throws RehomeError CONFIGURATION_INVALID when the password holds a line break, which such a file cannot.
 */
export async function writePassfile(parent: string, password: string): Promise<Passfile> {
  if (/[\r\n\0]/.test(password)) {
    throw new RehomeError(
      'CONFIGURATION_INVALID',
      'a password with a line break or NUL cannot be given to pg_dump and pg_restore',
    );
  }
  const directory = await mkdtemp(join(parent, 'pass-'));
  const path = join(directory, 'pgpass');
  await writeFile(path, `*:*:*:*:${escapePassfileField(password)}\n`, { mode: 0o600, flag: 'wx' });
  return { path, remove: () => rm(directory, { recursive: true, force: true }) };
}

/** `\` and `:` are the two characters that mean something in a password file. */
function escapePassfileField(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
}
