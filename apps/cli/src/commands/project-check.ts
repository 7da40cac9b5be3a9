import { lintProject, refusingFindings } from '#shared/projects/lint-project.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import type { LintFinding, ProjectProblem } from '#shared/projects/migration-file.js';
import { fullName } from '#shared/projects/version-words.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { openProject, problemLines } from '../project/load-project-folder.js';
import { findingLines } from '../project/finding-lines.js';
import { block } from '../rendering/outcome-text.js';
import { readable } from '../rendering/readable.js';
import { marksOf, paint } from '../rendering/screen.js';
import { tableText } from '../rendering/table.js';
import type { Run } from '../run.js';

/** Everything that can be known of a project without a server: does it hold together, and is its SQL safe. */
export async function projectCheck(run: Run, [folder]: readonly [string]): Promise<ExitCode> {
  const outcome = await openProject(folder);
  if (!outcome.ok) {
    run.out(
      run.json ? JSON.stringify({ ok: false, problems: outcome.problems }) : refusedText(run, folder, outcome.problems),
    );
    return EXIT.checkFailed;
  }
  const { project } = outcome;
  const findings = lintProject(project);
  const ok = refusingFindings(project, findings).length === 0;
  run.out(
    run.json ? JSON.stringify(answerOf(project, ok, findings)) : checkedText(run, { folder, project, findings, ok }),
  );
  return ok ? EXIT.done : EXIT.checkFailed;
}

function answerOf(
  { definition, digest, migrations }: LoadedProject,
  ok: boolean,
  findings: readonly LintFinding[],
): object {
  return {
    ok,
    name: definition.name,
    digest,
    databases: definition.databases.map(({ alias }) => alias),
    migrations: migrations.map(({ id, home, requires, creates, touches, transactional, down }) => {
      return { id, home, requires, creates, touches, transactional, reversible: down !== undefined };
    }),
    findings,
  };
}

function refusedText({ screen }: Run, folder: string, problems: readonly ProjectProblem[]): string {
  const headline = `${marksOf(screen).failed} the project in ${folder} does not hold together: ${count(problems.length, 'problem')}`;
  return [
    paint(screen.colour.out, 'bad', headline),
    ...problemLines(problems),
    '',
    `Next:  mend it, then rehome project check ${folder}`,
  ].join('\n');
}

interface Checked {
  readonly folder: string;
  readonly project: LoadedProject;
  readonly findings: readonly LintFinding[];
  readonly ok: boolean;
}

function checkedText({ screen, verbose }: Run, { folder, project, findings, ok }: Checked): string {
  const { definition, migrations, digest } = project;
  const marks = marksOf(screen);
  const told = `${definition.name}: ${count(migrations.length, 'migration')}, ${count(findings.length, 'finding')}`;
  return [
    ok
      ? paint(screen.colour.out, 'good', `${marks.done} ${told}`)
      : paint(screen.colour.out, 'bad', `${marks.failed} ${told}`),
    ...block([
      ...definition.databases.map(({ alias, server, database }): [string, string] => {
        const own = migrations.filter(({ home }) => home === alias).length;
        return ['Data', `${alias} (${server}/${database}): ${count(own, 'migration')}`];
      }),
      ['Digest', digest],
    ]),
    ...(verbose ? ['', orderText(project, screen.width)] : []),
    ...(findings.length === 0 ? [] : ['', ...findingLines(readable(findings))]),
    '',
    ok ? `Next:  rehome project push ${folder}` : `Next:  mend it or waive it, then rehome project check ${folder}`,
  ].join('\n');
}

function orderText({ migrations }: LoadedProject, width: number | undefined): string {
  return tableText(
    migrations,
    [
      { title: 'MIGRATION', rank: 0, cell: (one) => fullName(one) },
      { title: 'DATABASE', rank: 0, cell: ({ home }) => home },
      { title: 'TOUCHES', rank: 2, cell: ({ touches }) => touches.join(', ') },
      { title: 'REQUIRES', rank: 1, cell: ({ requires }) => requires.join(', ') },
    ],
    width,
  );
}

function count(amount: number, noun: string): string {
  return `${String(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}
