import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone: the nearest folder above this file that holds `nest-cli.json`, from the sources as from `dist`. */
export function projectRoot(): string {
  for (
    let directory = dirname(fileURLToPath(import.meta.url));
    directory !== dirname(directory);
    directory = dirname(directory)
  ) {
    if (existsSync(join(directory, 'nest-cli.json'))) return directory;
  }
  throw new Error('nest-cli.json not found above this file');
}

/** A built entry point, such as `apps/planner/src/main.js`. */
export function builtFile(entry: string): string {
  return join(projectRoot(), 'dist', entry);
}
