import type { CaptureSourceResult } from '#shared/contracts/steps/database-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { mapAcl, parseAclItem } from '../../postgres/catalogue/acl.js';
import { databaseState } from '../../postgres/database-lifecycle.js';
import { fenceState, liftFence } from '../../postgres/fencing.js';
import { readRoleMap } from '../../postgres/role-map.js';
import { runTexts } from '../../postgres/run-texts.js';
import type { Session } from '../../postgres/session.js';
import { settingStatements, settingTitles } from '../../postgres/settings.js';
import type { Step, StepContext } from '../../running/step.js';
import { readBothStructures, withBothSides, type CopyParams } from '../both-sides.js';
import { placeOf } from '../step-session.js';
import type { Sides } from '../verification/contents.js';
import { formatAclArray } from './acl-array.js';
import { readRestoreMark, setComment } from './working-database.js';

type Context = StepContext<'copy-settings'>;

/**
 * Settings of the database and of roles in it, its own grants, connection limit and comment: what pg_dump leaves out
 * without `--create`. From here on the application's role may connect to the copy.
 */
export const copySettings: Step<'copy-settings'> = {
  kind: 'copy-settings',

  async probe(context) {
    return withBothSides(context, async (sides, params) => {
      const wanted = await wantedState(context, sides, params);
      return (await isReached(wanted, sides, params))
        ? { state: 'done', result: { settings: wanted.titles } }
        : { state: 'not-started' };
    });
  },

  async run(context) {
    const { run, signal, lease } = context;
    return withBothSides(context, async (sides, params) => {
      const wanted = await wantedState(context, sides, params);
      await lease.check();
      await runTexts(sides.target, wanted.statements, signal);
      await setComment(sides.target, params.workingName, { migrationId: run.migrationId, comment: wanted.comment });
      // Last: it opens the database to its application.
      await liftFence(sides.target, wanted.access);
      return { settings: wanted.titles };
    });
  },

  async verify(context) {
    const reached = await withBothSides(context, async (sides, params) =>
      isReached(await wantedState(context, sides, params), sides, params),
    );
    if (reached) return;
    throw new RehomeError('VERIFICATION_FAILED', `settings or grants of ${context.params.workingName} still differ`);
  },

  // All of it lives with the working database, which the undo of create-database drops.
  undo: () => Promise.resolve({}),

  describe({ server, workingName, source }) {
    const text = `settings, grants, connection limit and comment of ${source.database}, and of its roles in it`;
    return [{ tool: 'sql', at: `${placeOf(server)}/${workingName}`, text }];
  },
};

interface WantedState {
  /** What is missing; values may be secrets of the application, so they are neither logged nor answered. */
  readonly statements: readonly string[];
  readonly titles: readonly string[];
  readonly access: CaptureSourceResult;
  readonly comment: string;
}

async function wantedState(
  { params: { captured } }: Context,
  sides: Sides<Session>,
  params: CopyParams,
): Promise<WantedState> {
  const structures = await readBothStructures(sides, params);
  return {
    statements: settingStatements(structures.source, structures.target, params.workingName),
    titles: settingTitles(structures.source),
    access: await accessAtTarget(captured, sides, params),
    comment: (await databaseState(sides.source, params.source.database)).comment ?? '',
  };
}

async function isReached(
  wanted: WantedState,
  { target }: Sides<Session>,
  { workingName }: CopyParams,
): Promise<boolean> {
  const { comment } = readRestoreMark((await databaseState(target, workingName)).comment);
  const open = (await fenceState(target, wanted.access)) === 'open';
  return open && wanted.statements.length === 0 && comment === wanted.comment;
}

/** As captured at the source, with the roles of the target. Only the source can read its own access list. */
async function accessAtTarget(
  captured: CaptureSourceResult,
  { source, target }: Sides<Session>,
  { sourceOwner, role }: CopyParams,
): Promise<CaptureSourceResult> {
  const mapRole = await readRoleMap(source, target, { sourceOwner, role });
  const access = { ...captured, owner: role, enabledSubscriptions: [] };
  if (captured.acl === null) return access;
  const { rows } = await source.query<{ items: string[] }>(`select $1::text::aclitem[]::text[] as items`, [
    captured.acl,
  ]);
  const items = mapAcl((rows[0]?.items ?? []).map(parseAclItem), mapRole);
  return { ...access, acl: formatAclArray(items) };
}
