import { text as textOf } from 'node:stream/consumers';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { diagnose as diagnosisOf, type Diagnosis } from '../project/diagnosis.js';
import { recognise } from '../project/error-patterns.js';
import { loadProjectFolder, type ProjectFlags } from '../project/load-project-folder.js';
import { block } from '../rendering/outcome-text.js';
import { readable } from '../rendering/readable.js';
import type { Run } from '../run.js';

interface DiagnoseOptions extends ProjectFlags {
  readonly on?: string;
}

/** From the files alone: which database should hold what is missing, what puts it there, what to run. */
export async function diagnose(
  run: Run,
  [given]: readonly [string],
  { project: folder, on }: DiagnoseOptions,
): Promise<ExitCode> {
  const project = await loadProjectFolder(folder);
  const aliases = project.definition.databases.map(({ alias }) => alias);
  if (on !== undefined && !aliases.includes(on))
    throw new CliError(EXIT.usage, `--on: no database of the project is called ${on}; it has ${aliases.join(', ')}`);
  const error = recognise(given === '-' ? await textOf(process.stdin) : given);
  if (error === undefined)
    throw new CliError(
      EXIT.failed,
      'this says nothing of a missing or forbidden relation, database, role, schema or server; give the line with the error itself',
      `rehome health --project ${project.definition.name}`,
    );
  const diagnosis = diagnosisOf(project, error, on);
  run.out(run.json ? JSON.stringify(diagnosis) : diagnosisText(readable(diagnosis)));
  return EXIT.done;
}

function diagnosisText({ object, database, because, migration, absentOn, expected, why, run }: Diagnosis): string {
  const [first = '', ...more] = run;
  const home: [string, string][] = database === null ? [] : [['Home', `${database} (${because ?? ''})`]];
  const made: [string, string][] = migration === null ? [] : [['Made', `by ${migration}`]];
  const absent: [string, string][] =
    absentOn.length === 0 || migration === null ? [] : [['Absent', `on ${absentOn.join(', ')}, as it should be`]];
  return [
    `${object === '' ? 'The error' : object}${expected ? ': nothing is wrong with the database' : ''}`,
    ...block([...home, ...made, ...absent, ['Why', why]]),
    '',
    `Next:  ${first}`,
    ...more.map((command) => `       ${command}`),
  ].join('\n');
}
