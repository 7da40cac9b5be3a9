import type { ScriptSurroundings } from '../../../projects/running/schema-run.js';
import type { StepContext } from '../../../running/step.js';

/** What scripts are run with; fault points of a version carry it after a colon: `step.apply-migrations.before-commit:v003`. */
export function surroundingsOf(
  context: StepContext<'apply-migrations'> | StepContext<'revert-migration'> | StepContext<'prove-fakes'>,
  kind: 'apply-migrations' | 'revert-migration' | 'prove-fakes' = 'apply-migrations',
): ScriptSurroundings {
  const { signal, lease, tools, run } = context;
  return {
    signal,
    waiting: signal,
    check: () => lease.check(),
    reach: async (point, { version }) => {
      await tools.faults.reach(`step.${kind}.${point}`);
      await tools.faults.reach(`step.${kind}.${point}:${version}`);
    },
    waited: ({ app, version, schema }, reason) => {
      tools.logger.warn({ ...run, app, version, schema, reason }, 'a lock is in the way of a migration, trying again');
    },
    building: (progress) => {
      context.progress(progress);
    },
  };
}
