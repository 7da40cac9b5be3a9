import type { ValidateResultAnswer } from '#shared/contracts/project-answers.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readable } from '../rendering/readable.js';
import { validationText } from '../rendering/validation-text.js';
import type { Run } from '../run.js';
import { askAndWait } from './ask-and-wait.js';

interface ValidateOptions {
  readonly project: string;
  readonly database?: string;
  readonly category?: readonly string[];
  readonly upDownUp?: true;
}

/** Ends with 5 when a check failed. */
export async function validate(run: Run, _args: readonly [], options: ValidateOptions): Promise<ExitCode> {
  const { project, database, category: categories, upDownUp } = options;
  const request = {
    kind: 'validate',
    project,
    ...(database === undefined ? {} : { database }),
    ...(categories === undefined ? {} : { categories }),
    ...(upDownUp === undefined ? {} : { upDownUp }),
  };
  const looked = await askAndWait(run, request, `judging ${database ?? 'every database'} of ${project} …`);
  if ('exitCode' in looked) return looked.exitCode;
  const validation = looked.migration.result as unknown as ValidateResultAnswer;
  if (run.json) run.out(JSON.stringify(validation));
  else {
    const next = `rehome show ${looked.migration.migrationId}${run.screen.again}`;
    run.out(`${validationText(readable(validation), run)}\n\nNext:  ${next}`);
  }
  return validation.failed === 0 ? EXIT.done : EXIT.checkFailed;
}
