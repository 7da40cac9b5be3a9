import type { ValidateResultAnswer } from '#shared/contracts/project-answers.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { readable } from '../rendering/readable.js';
import { validationText } from '../rendering/validation-text.js';
import type { Run } from '../run.js';
import { askAndWait } from './ask-and-wait.js';

interface OrphanOptions {
  readonly project: string;
  readonly database?: string;
}

/** Checks that are about rows which refer to nothing. */
const ABOUT_ORPHANS = ['no-orphans', 'references-hold', 'references-unique'];

/** Rows that refer to rows which are not there, of declared and configured references. Ends with 5 when there are any. */
export async function orphans(run: Run, _args: readonly [], { project, database }: OrphanOptions): Promise<ExitCode> {
  const request = { kind: 'validate', project, categories: ['data'], ...(database === undefined ? {} : { database }) };
  const looked = await askAndWait(
    run,
    request,
    `looking for orphans in ${database ?? 'every database'} of ${project} …`,
  );
  if ('exitCode' in looked) return looked.exitCode;
  const found = onlyOrphans(looked.migration.result as unknown as ValidateResultAnswer);
  if (run.json) run.out(JSON.stringify(found));
  else {
    const next = found.failed === 0 ? `rehome validate --project ${project}` : 'rehome migration orphans --reference …';
    run.out(`${validationText(readable(found), run)}\n\nNext:  ${next}${run.screen.again}`);
  }
  return found.failed === 0 ? EXIT.done : EXIT.checkFailed;
}

function onlyOrphans(validation: ValidateResultAnswer): ValidateResultAnswer {
  const databases = validation.databases.map((database) => {
    const checks = database.checks.filter(({ name }) => ABOUT_ORPHANS.includes(name));
    const number = (wanted: string): number => checks.filter(({ outcome }) => outcome === wanted).length;
    const [passed, failed, notApplicable] = [number('passed'), number('failed'), number('not-applicable')];
    return { ...database, checks, passed, failed, notApplicable };
  });
  const sum = (of: 'passed' | 'failed' | 'notApplicable'): number => databases.reduce((all, one) => all + one[of], 0);
  return {
    project: validation.project,
    passed: sum('passed'),
    failed: sum('failed'),
    notApplicable: sum('notApplicable'),
    databases,
  };
}
