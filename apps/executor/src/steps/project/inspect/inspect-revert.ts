import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { InspectProjectParams, RevertedMigration } from '#shared/contracts/steps/project-steps.js';
import { revertable, type RevertAnswer } from '#shared/projects/decision/revertable.js';
import { standsHere, type TrackedMigration } from '#shared/projects/decision/tracked-migration.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { readScript } from '#shared/projects/sql/read-script.js';
import { judge } from '../../../postgres/inspection/check.js';
import type { DatabaseLook } from './look-at-database.js';
import { rowsBySchema } from './pending-over-schemas.js';

type Asked = NonNullable<InspectProjectParams['revert']>;

export interface RevertLook {
  readonly project: LoadedProject;
  readonly asked: Asked;
  readonly look: DatabaseLook;
  /** Rows of the project's other databases. */
  readonly otherRows: readonly TrackedMigration[];
}

/** Whether the version may be taken back, in every schema in which it stands. */
export function inspectRevert(revert: RevertLook): {
  readonly checks: readonly PreflightCheck[];
  readonly reverted?: RevertedMigration;
} {
  const answers = [...rowsBySchema(revert.look).values()].map((rows) => ({ rows, answer: answerOf(revert, rows) }));
  const [reverted] = answers.flatMap(({ answer }) => (answer.ok ? [answer.reverted] : []));
  // A schema in which it stands no more is done; that it stands in none is a problem.
  const concerned = answers.filter(({ rows }) => reverted === undefined || rows.some(isStanding(reverted)));
  const problems = [...new Set(concerned.flatMap(({ answer }) => (answer.ok ? [] : answer.problems)))];
  const found = problems.join('; ');
  const objection = problems.length === 0 ? undefined : { found, remedy: 'see what stands: rehome status' };
  const checks = [
    judge('revertable', 'error', `${revert.asked.version} on ${revert.asked.database}`, objection),
    ...checkScript(revert),
  ];
  return { checks, ...(reverted === undefined ? {} : { reverted }) };
}

function answerOf({ project, asked, otherRows }: RevertLook, rows: readonly TrackedMigration[]): RevertAnswer {
  const withoutDown = asked.script !== undefined || asked.restore === true;
  return revertable({ project, alias: asked.database, version: asked.version, rows, otherRows, withoutDown });
}

function isStanding({ app, version }: RevertedMigration): (row: TrackedMigration) => boolean {
  return (row) => row.app === app && row.version === version && standsHere(row);
}

function checkScript({ project, asked: { script } }: RevertLook): PreflightCheck[] {
  if (script === undefined) return [];
  const text = project.files.get(script);
  if (text === undefined) {
    const remedy = 'push the project with it, or correct its path';
    return [judge('emergency-script', 'error', '', { found: `the project has no file ${script}`, remedy })];
  }
  const [problem] = readScript(script, text).problems;
  const found = `${script}:${String(problem?.line ?? 1)} ${problem?.message ?? ''}`;
  const objection = problem === undefined ? undefined : { found, remedy: 'correct the script and push the project' };
  return [judge('emergency-script', 'error', script, objection)];
}
