import type { LoadedProject } from '#shared/projects/load-project.js';
import { tableMakersOf } from '#shared/projects/migration-home.js';
import { relationKey } from '#shared/projects/router.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { loadProjectFolder, type ProjectFlags } from '../project/load-project-folder.js';
import { nextPlace, writeMigration } from '../project/new-migration-files.js';
import { cleanerName, cleanerOf, parseReference, type Reference } from '../project/orphan-cleaner.js';
import { block } from '../rendering/outcome-text.js';
import type { Run } from '../run.js';

interface OrphanOptions extends ProjectFlags {
  readonly reference?: string;
  readonly app?: string;
}

/** Writes a migration that removes the orphans of a reference; it goes the way of every other, with a backup before. */
export async function migrationOrphans(
  run: Run,
  _args: readonly [],
  { project: folder, reference: text, app: wanted }: OrphanOptions,
): Promise<ExitCode> {
  const project = await loadProjectFolder(folder);
  const reference = referenceOf(project, text);
  const app = wanted ?? appOf(project, reference);
  const name = cleanerName(reference);
  const { version, requires } = nextPlace(project, app, name);
  const id = `${app}/${version}`;
  const scripts = cleanerOf(reference, { id, ...(requires === undefined ? {} : { requires }) });
  const files = await writeMigration(folder, `migrations/${app}/${version}_${name}`, scripts);
  const answer = { id, app, version, name, requires: requires ?? null, reference, files };
  const next = `Next:  read it, then rehome project push ${folder}; apply makes a backup before it`;
  const shown = block(files.map((file): [string, string] => ['File', file]));
  run.out(run.json ? JSON.stringify(answer) : [`${id}_${name}`, ...shown, '', next].join('\n'));
  return EXIT.done;
}

/** The one that is given, or the only one of the project. */
function referenceOf({ definition }: LoadedProject, text: string | undefined): Reference {
  const given = text === undefined ? undefined : parseReference(text);
  if (given !== undefined) return given;
  if (text !== undefined)
    throw new CliError(EXIT.usage, `--reference: "${text}" is not like work_orders.station_id=stations.id`);
  const [only, ...others] = definition.references;
  if (only !== undefined && others.length === 0)
    return { ...only, columns: [only.column], referencedColumns: [only.referencedColumn] };
  const known = definition.references.map(
    ({ table, column, referencedTable, referencedColumn }) =>
      `${table}.${column}=${referencedTable}.${referencedColumn}`,
  );
  const which = known.length === 0 ? 'project.yaml names none' : `project.yaml names ${known.join(', ')}`;
  throw new CliError(EXIT.usage, `say which by --reference; ${which}`);
}

function appOf({ migrations }: LoadedProject, { table }: Reference): string {
  const app = tableMakersOf(migrations).get(relationKey(table));
  if (app !== undefined) return app;
  throw new CliError(EXIT.usage, `no migration makes ${table}; say by --app whose migration it is to be`);
}
