import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { checkVariables, envTemplate, type CheckedVariable } from '../project/env-check.js';
import { readEnvFile } from '../project/env-file.js';
import { loadProjectFolder, type ProjectFlags } from '../project/load-project-folder.js';
import { marksOf, paint } from '../rendering/screen.js';
import { tableText } from '../rendering/table.js';
import type { Run } from '../run.js';

interface EnvOptions extends ProjectFlags {
  readonly check?: boolean;
  readonly template?: boolean;
  readonly file?: string;
}

/** The variables in which programs expect the addresses of a project's databases. */
export async function env(run: Run, _args: readonly [], options: EnvOptions): Promise<ExitCode> {
  if ((options.check === true) === (options.template === true))
    throw new CliError(EXIT.usage, 'give --check or --template', 'rehome env --check --file .env --project DIR');
  const { definition } = await loadProjectFolder(options.project);
  if (options.template === true) {
    const template = envTemplate(definition);
    run.out(run.json ? JSON.stringify({ template }) : template);
    return EXIT.done;
  }
  // What the shell of whoever checks has must not hide what the file lacks.
  const values = options.file === undefined ? run.environment : await readEnvFile(options.file);
  const variables = checkVariables(definition, values);
  run.out(run.json ? JSON.stringify({ variables }) : checkText(run, variables, options));
  return variables.every(({ state }) => state === 'set') ? EXIT.done : EXIT.checkFailed;
}

function checkText({ screen }: Run, variables: readonly CheckedVariable[], { file, project }: EnvOptions): string {
  const where = file ?? 'the environment';
  const marks = marksOf(screen);
  const wrong = variables.filter(({ state }) => state !== 'set');
  const table = tableText(
    variables,
    [
      { title: 'DATABASE', rank: 0, cell: ({ database }) => database },
      { title: 'VARIABLE', rank: 0, cell: ({ variable }) => variable },
      {
        title: 'STATE',
        rank: 0,
        cell: ({ state, detail }) => [state, detail].filter((text) => text !== undefined).join(': '),
      },
    ],
    screen.width,
  );
  const headline =
    wrong.length === 0
      ? paint(
          screen.colour.out,
          'good',
          `${marks.done} ${where} names every database: ${String(variables.length)} variables`,
        )
      : paint(
          screen.colour.out,
          'bad',
          `${marks.failed} ${where}: ${String(wrong.length)} of ${String(variables.length)} variables are missing, empty or wrong`,
        );
  const next = wrong.length === 0 ? `rehome project check ${project}` : `rehome env --template --project ${project}`;
  return [table, '', headline, '', `Next:  ${next}`].join('\n');
}
