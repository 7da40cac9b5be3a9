import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { locateLargeObjects, locateRows, type DifferingRows } from '../../postgres/locate-difference.js';
import type { Session } from '../../postgres/session.js';
import type { StepContext } from '../../running/step.js';
import { withBothSides } from '../both-sides.js';
import type { Contents, Sides } from './contents.js';

type Context = StepContext<'verify-copy'>;

/** More tables than this that differ say the same: the copy is of another moment. */
const LOCATED_TABLES = 5;

/** Adds which rows and large objects differ, by key, where they can be named. What cannot be named stays as it is. */
export async function nameDifferences(
  context: Context,
  mismatches: readonly Mismatch[],
  contents: Contents,
): Promise<Mismatch[]> {
  try {
    return await withBothSides(context, (sides) => nameAll(sides, mismatches, contents));
  } catch (error) {
    context.signal.throwIfAborted();
    context.tools.logger.warn({ ...context.run, err: toRehomeError(error) }, 'differing rows could not be named');
    return [...mismatches];
  }
}

async function nameAll(
  sides: Sides<Session>,
  mismatches: readonly Mismatch[],
  contents: Contents,
): Promise<Mismatch[]> {
  const named: Mismatch[] = [];
  let located = 0;
  for (const mismatch of mismatches) {
    if (mismatch.object === 'large objects') {
      const objects = { source: contents.source.largeObjects, target: contents.target.largeObjects };
      named.push(...(await locateLargeObjects(sides, objects)), mismatch);
    } else if (isTable(mismatch, contents) && located < LOCATED_TABLES) {
      located += 1;
      const rows = await locateRows(sides, mismatch.object);
      named.push(rows === undefined ? mismatch : { ...mismatch, object: `${mismatch.object} (${describe(rows)})` });
    } else named.push(mismatch);
  }
  return named;
}

function isTable({ object, aspect }: Mismatch, { source, target }: Contents): boolean {
  return (aspect === 'rows' || aspect === 'content') && source.tables.has(object) && target.tables.has(object);
}

function describe({ missing, added, changed }: DifferingRows): string {
  const parts = [
    ['missing', missing],
    ['added', added],
    ['changed', changed],
  ] as const;
  const told = parts.filter(([, ids]) => ids.length > 0).map(([what, ids]) => `${what} ${ids.join(' ')}`);
  return told.join(', ') || 'no row found';
}
