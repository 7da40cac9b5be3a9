import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { naturalOrder } from '#shared/projects/natural-order.js';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import { nextVersion } from './next-version.js';

/** Where a new migration of an app stands. @throws CliError when the app has one of the name. */
export function nextPlace(
  { migrations }: LoadedProject,
  app: string,
  name: string,
): { version: string; requires?: string } {
  const own = migrations.filter((migration) => migration.app === app);
  const same = own.find((migration) => migration.name === name);
  if (same !== undefined)
    throw new CliError(EXIT.conflict, `${app} has ${same.version}_${name} already; choose another name`);
  const versions = own.map(({ version }) => version);
  const last = [...versions].sort(naturalOrder).at(-1);
  const others = migrations.filter((migration) => migration.app !== app).map(({ version }) => version);
  return { version: nextVersion(versions, others), ...(last === undefined ? {} : { requires: last }) };
}

/** All or none; a file that is there is never touched. */
export async function writeMigration(
  folder: string,
  path: string,
  scripts: Readonly<Record<string, string>>,
): Promise<string[]> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  const files: string[] = [];
  for (const [role, text] of Object.entries(scripts)) {
    const file = join(folder, `${path}.${role}.sql`);
    try {
      await writeFile(file, text, { flag: 'wx' });
    } catch (error) {
      await Promise.all(files.map((written) => rm(written, { force: true })));
      const why = error instanceof Error ? error.message : String(error);
      throw new CliError(EXIT.conflict, `${file} is not written, nothing that was there is changed: ${why}`);
    }
    files.push(file);
  }
  return files;
}
