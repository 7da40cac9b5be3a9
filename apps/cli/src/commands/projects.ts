import type { Page } from '#shared/contracts/answers.js';
import type { ProjectAnswer, ProjectSummaryAnswer } from '#shared/contracts/project-answers.js';
import type { ProjectDefinition } from '#shared/contracts/projects.js';
import { packProject } from '#shared/projects/bundle/archive.js';
import { lintProject, refusingFindings } from '#shared/projects/lint-project.js';
import type { LintFinding } from '#shared/projects/migration-file.js';
import { fullName } from '#shared/projects/version-words.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { findingLines } from '../project/finding-lines.js';
import { loadProjectFolder } from '../project/load-project-folder.js';
import { block } from '../rendering/outcome-text.js';
import { readable } from '../rendering/readable.js';
import type { Screen } from '../rendering/screen.js';
import { tableText } from '../rendering/table.js';
import type { Run } from '../run.js';

/** Checks a project and hands it to the planner; what is pending is not touched. */
export async function projectPush(run: Run, [folder]: readonly [string]): Promise<ExitCode> {
  const project = await loadProjectFolder(folder);
  const { definition, files } = project;
  const refusing = refusingFindings(project, lintProject(project));
  if (refusing.length > 0) throw refusedByLint(folder, refusing);
  const client = await run.client();
  const pushed = await client.putProject(definition.name, await packProject(files));
  if (run.json) run.out(JSON.stringify(pushed));
  else run.out(pushedText(readable(pushed), run.screen));
  return EXIT.done;
}

function refusedByLint(folder: string, findings: readonly LintFinding[]): CliError {
  const lines = ['project.yaml says lint: error, and the linter objects:', ...findingLines(readable(findings))];
  return new CliError(EXIT.checkFailed, lines.join('\n'), `rehome project check ${folder}`);
}

function pushedText({ name, digest, migrations, findings }: ProjectAnswer, { again }: Screen): string {
  const lint =
    findings.length === 0
      ? []
      : [['Lint', `${String(findings.length)} findings: rehome project show ${name}${again}`] as const];
  return [
    `${name} stands as pushed: ${String(migrations.length)} migrations; nothing is applied by this`,
    ...block([['Digest', digest], ...lint.map(([title, text]): [string, string] => [title, text])]),
    '',
    `Next:  rehome project show ${name}${again}`,
  ].join('\n');
}

export async function projectList(run: Run): Promise<ExitCode> {
  const items: ProjectSummaryAnswer[] = [];
  const client = await run.client();
  let next: string | null = null;
  do {
    const query = { limit: 500, ...(next === null ? {} : { after: next }) };
    const page: Page<ProjectSummaryAnswer> = await client.projects(query);
    items.push(...page.items);
    ({ next } = page);
  } while (next !== null);
  if (run.json) run.out(JSON.stringify({ items, next: null }));
  else run.out(listText(readable(items), run.screen));
  return EXIT.done;
}

function listText(items: readonly ProjectSummaryAnswer[], { width, again }: Screen): string {
  const [first] = items;
  if (first === undefined) return `No project was pushed yet.\n\nNext:  rehome project push DIR${again}`;
  const table = tableText(
    items,
    [
      { title: 'NAME', rank: 0, cell: ({ name }) => name },
      { title: 'MIGRATIONS', rank: 1, cell: ({ migrations }) => String(migrations ?? '-') },
      { title: 'DATABASES', rank: 2, cell: ({ databases = [] }) => databases.join(', ') },
      { title: 'DIGEST', rank: 3, cell: ({ digest }) => digest },
    ],
    width,
  );
  return `${table}\n\nNext:  rehome project show ${first.name}${again}`;
}

export async function projectShow(run: Run, [name]: readonly [string]): Promise<ExitCode> {
  const project = await (await run.client()).project(name);
  if (run.json) run.out(JSON.stringify(project));
  else run.out(projectText(readable(project), run));
  return EXIT.done;
}

function projectText({ name, digest, definition, migrations, findings }: ProjectAnswer, run: Run): string {
  const table = tableText(
    migrations,
    [
      { title: 'MIGRATION', rank: 0, cell: (one) => fullName(one) },
      { title: 'DATABASE', rank: 0, cell: ({ home }) => home },
      { title: 'REQUIRES', rank: 2, cell: ({ requires }) => requires.join(', ') },
      { title: 'PHASE', rank: 3, cell: ({ phase }) => phase ?? '-' },
      { title: 'DOWN', rank: 1, cell: ({ reversible }) => (reversible ? 'yes' : 'no') },
    ],
    run.screen.width,
  );
  return [
    name,
    ...block([...databaseLines(definition), ['Digest', digest]]),
    '',
    ...(migrations.length === 0 ? ['It holds no migration yet.'] : [table]),
    ...(findings.length === 0 ? [] : ['', ...findingLines(findings)]),
    '',
    `Next:  rehome route TABLE --project ${name}${run.screen.again}`,
  ].join('\n');
}

function databaseLines({ databases }: ProjectDefinition): [string, string][] {
  return databases.map(({ alias, server, database, roles }): [string, string] => {
    return ['Data', `${alias}: ${server}/${database}${roles.owner === undefined ? '' : `, owned by ${roles.owner}`}`];
  });
}
