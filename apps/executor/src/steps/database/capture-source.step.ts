import type { CaptureSourceResult } from '#shared/contracts/steps/database-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { fingerprint } from '../../postgres/catalogue/fingerprint.js';
import { readStructure } from '../../postgres/catalogue/read-structure.js';
import { captureDatabase } from '../../postgres/fencing.js';
import type { Session } from '../../postgres/session.js';
import type { Step } from '../../running/step.js';
import { placeOf, withDatabase } from '../step-session.js';

/** Takes the before-images that later undos need, before anything is changed. */
export const captureSource: Step<'capture-source'> = {
  kind: 'capture-source',
  readsOnly: true,

  // Reading again is the same: nothing is changed before this step has succeeded.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { source, fingerprint: expected } = context.params;
    return withDatabase(context, source, async (session) => {
      const captured = await captureDatabase(session);
      await refuseDrift(session, { database: source.database, owner: captured.owner, expected });
      return captured;
    });
  },

  async verify(context, result) {
    const now = await withDatabase(context, context.params.source, captureDatabase);
    if (sameCapture(now, result)) return;
    throw new RehomeError(
      'DRIFT_DETECTED',
      `${context.params.source.database} was altered while it was recorded; plan again`,
    );
  },

  undo: () => Promise.resolve({}),

  describe({ source }) {
    const text = `select datdba, datconnlimit, datallowconn, datacl from pg_database where datname = current_database()`;
    return [{ tool: 'sql', at: `${placeOf(source.server)}/${source.database}`, text }];
  },
};

export interface DriftCheck {
  readonly database: string;
  /** Who owns the database when nothing is fenced. */
  readonly owner: string;
  readonly expected: string;
}

/** @throws RehomeError DRIFT_DETECTED when the structure is not what was inspected: the plan was made for another one. */
export async function refuseDrift(session: Session, { database, owner, expected }: DriftCheck): Promise<void> {
  const structure = await readStructure(session, { mapRole: (role) => role, owner });
  const found = fingerprint(structure);
  if (found === expected) return;
  throw new RehomeError(
    'DRIFT_DETECTED',
    `the structure of ${database} changed since it was inspected; let schema changes finish and request again`,
    { facts: { expected, found } },
  );
}

function sameCapture(left: CaptureSourceResult, right: CaptureSourceResult): boolean {
  return (
    left.owner === right.owner &&
    left.connectionLimit === right.connectionLimit &&
    left.allowConnections === right.allowConnections &&
    left.acl === right.acl
  );
}
