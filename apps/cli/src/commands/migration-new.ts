import type { LoadedProject } from '#shared/projects/load-project.js';
import { tableMakersOf, whyOf } from '#shared/projects/migration-home.js';
import { relationKey, routeOf } from '#shared/projects/router.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { loadProjectFolder, type ProjectFlags } from '../project/load-project-folder.js';
import { skeletonOf } from '../project/migration-skeleton.js';
import { nextPlace, writeMigration } from '../project/new-migration-files.js';
import { block } from '../rendering/outcome-text.js';
import type { Run } from '../run.js';

interface NewOptions extends ProjectFlags {
  readonly table?: string;
}

/** Writes the scripts of the next version of an app, and tells on which database it will work. */
export async function migrationNew(
  run: Run,
  [app, words]: readonly [string, string],
  { project: folder, table }: NewOptions,
): Promise<ExitCode> {
  const name = nameOf(words);
  if (!/^[a-z][a-z0-9_-]{0,62}$/.test(app))
    throw new CliError(EXIT.usage, `"${app}" is no app: lower-case letters, digits, _ and -, a letter first`);
  if (table !== undefined && !/^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})?$/.test(table))
    throw new CliError(EXIT.usage, `--table: "${table}" is no plain name of a table, such as orders or audit.orders`);
  const project = await loadProjectFolder(folder);
  const { version, requires } = nextPlace(project, app, name);
  const { database, because } = homeOf(project, app, table);
  const id = `${app}/${version}`;
  const skeleton = skeletonOf({
    id,
    name,
    database,
    ...(requires === undefined ? {} : { requires }),
    ...(table === undefined ? {} : { table }),
  });
  const files = await writeMigration(folder, `migrations/${app}/${version}_${name}`, skeleton);
  const answer = { id, app, version, name, requires: requires ?? null, database, because, files };
  run.out(run.json ? JSON.stringify(answer) : newText(answer, folder));
  return EXIT.done;
}

/** `Add gas meters` → `add_gas_meters`. @throws CliError when it cannot stand in a file's name */
function nameOf(words: string): string {
  const name = words
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
  if (/^[a-z0-9_.]{1,150}$/.test(name)) return name;
  throw new CliError(EXIT.usage, `"${words}" is no name: letters, digits and _, such as add_gas_meters`);
}

function homeOf({ definition, migrations }: LoadedProject, app: string, table: string | undefined) {
  const { apps, default: standard } = definition.router;
  if (table === undefined) {
    const database = apps[app] ?? standard;
    return { database, because: apps[app] === undefined ? 'by default' : `like all of ${app}` };
  }
  const makers = new Map([[relationKey(table), app], ...tableMakersOf(migrations)]);
  const route = routeOf(definition, table, makers);
  return { database: route.database, because: whyOf(route) };
}

function newText(
  {
    id,
    name,
    database,
    because,
    files,
  }: { id: string; name: string; database: string; because: string; files: string[] },
  folder: string,
): string {
  return [
    `${id}_${name} is to be written`,
    ...block([
      ...files.map((file): [string, string] => ['File', file]),
      ['Where', `${database} (${because}); the tables that it touches decide in the end`],
    ]),
    '',
    `Next:  write it, then rehome project check ${folder}`,
  ].join('\n');
}
