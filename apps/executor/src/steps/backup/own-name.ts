import { workingName } from '../../postgres/database-lifecycle.js';
import { runDigits } from '../../postgres/session-name.js';
import type { StepContext } from '../../running/step.js';

/** Working names of a restore, whichever attempt made them. */
export function isOwnName(run: StepContext<'restore-backup'>['run'], database: string): (name: string) => boolean {
  const generations = Array.from({ length: run.generation }, (_, index) => index + 1);
  const marks = generations.map((generation) => runDigits({ ...run, direction: 'run', generation }));
  return (name) =>
    marks.some((digits) => {
      const mark = `__r${digits}_`;
      const fence = Number(name.slice(name.lastIndexOf(mark) + mark.length));
      return name.includes(mark) && name === workingName(database, { digits, fence });
    });
}
