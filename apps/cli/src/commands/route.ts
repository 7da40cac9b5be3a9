import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectDefinition } from '#shared/contracts/projects.js';
import { PROJECT_FILE } from '#shared/projects/bundle/project-files.js';
import { whyOf } from '#shared/projects/migration-home.js';
import { routeTable, type RoutableProject, type RoutedTable } from '#shared/projects/route-table.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { loadProjectFolder } from '../project/load-project-folder.js';
import { block } from '../rendering/outcome-text.js';
import { readable } from '../rendering/readable.js';
import type { Run } from '../run.js';

/** Which database holds a table or a model, why, and which migration puts it there. */
export async function route(
  run: Run,
  [table]: readonly [string],
  { project: given }: { readonly project: string },
): Promise<ExitCode> {
  const project = await projectOf(run, given);
  const routed = routeTable(project, table);
  if (run.json) run.out(JSON.stringify({ ...routed, why: whyOf(routed) }));
  else run.out(routeText(readable(routed), project.definition));
  return EXIT.done;
}

/** A folder where there is one, else what was pushed under that name. */
async function projectOf(run: Run, given: string): Promise<RoutableProject> {
  if (existsSync(join(given, PROJECT_FILE))) return loadProjectFolder(given);
  if (/^[a-z][a-z0-9-]{0,62}$/.test(given)) return (await run.client()).project(given);
  throw new CliError(
    EXIT.usage,
    `${given} is neither a folder with a ${PROJECT_FILE} nor a project that may have been pushed`,
  );
}

function routeText(routed: RoutedTable, { databases }: ProjectDefinition): string {
  const { table, database, createdBy, touchedBy } = routed;
  const found = databases.find(({ alias }) => alias === database);
  const [last] = touchedBy.slice(-1);
  return [
    `${table} lives in ${database}, ${whyOf(routed)}`,
    ...block([
      ['Where', found === undefined ? database : `${found.server}/${found.database}`],
      ['Made', createdBy === undefined ? 'by no migration of the project' : `by ${createdBy}`],
      ...(touchedBy.length === 0 ? [] : [['Used', `by ${touchedBy.join(', ')}`] satisfies [string, string]]),
    ]),
    ...(last === undefined ? [] : ['', `Next:  apply up to ${createdBy ?? last} to ${database} where it is missing`]),
  ].join('\n');
}
