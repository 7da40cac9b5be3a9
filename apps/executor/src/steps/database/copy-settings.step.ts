import type { JsonObject } from '#shared/contracts/json.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { readStructure } from '../../postgres/catalogue/read-structure.js';
import { databaseAccessStatements, databaseState } from '../../postgres/database-lifecycle.js';
import { readCapturedAcl } from '../../postgres/fencing.js';
import { readRoleMap } from '../../postgres/role-map.js';
import { runTexts } from '../../postgres/run-texts.js';
import { inTransaction, type Session } from '../../postgres/session.js';
import { settingStatements, settingTitles } from '../../postgres/settings.js';
import type { Step, StepContext } from '../../running/step.js';
import { readBothStructures, withBothSides, type CopyParams } from '../both-sides.js';
import { placeOf, withAdmin } from '../step-session.js';
import type { Sides } from '../verification/contents.js';
import { readRestoreMark, setComment } from './working-database.js';

type Context = StepContext<'copy-settings'>;

/**
 * Settings of the database and of roles in it, its own grants, connection limit and comment: what pg_dump leaves out
 * without `--create`. From here on the application's role may connect to the copy.
 */
export const copySettings: Step<'copy-settings'> = {
  kind: 'copy-settings',

  // The application is down: reading both catalogues only to know would cost as much as doing it, which repeats nothing.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { run, signal, lease } = context;
    return withBothSides(context, async (sides, params) => {
      const wanted = await wantedState(context, sides, params);
      await lease.check();
      await runTexts(sides.target, wanted.settings, signal);
      await setComment(sides.target, params.workingName, { migrationId: run.migrationId, comment: wanted.comment });
      // Last: it opens the database to its application.
      await inTransaction(sides.target, () => runTexts(sides.target, wanted.access, signal));
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

  undo: reset,

  describe({ server, workingName, source }) {
    const text = `settings, grants, connection limit and comment of ${source.database}, and of its roles in it`;
    return [{ tool: 'sql', at: `${placeOf(server)}/${workingName}`, text }];
  },
};

/** As create-database made it: no settings, default grants, and closed to everybody but the administrator. */
async function reset(context: Context): Promise<JsonObject> {
  const { run, signal, lease } = context;
  const { server, workingName, role } = context.params;
  return withAdmin(context, server, workingName, async (session) => {
    const structure = await readStructure(session, { mapRole: (name) => name, owner: role });
    const settings = settingStatements({ ...structure, objects: new Map() }, structure, workingName);
    const acl = await readCapturedAcl(session, { ...context.params.captured, owner: role, acl: null }, (name) => name);
    const access = await databaseAccessStatements(session, workingName, { owner: role, acl, connectionLimit: 0 });
    await lease.check();
    await inTransaction(session, () => runTexts(session, [...access, ...settings], signal));
    await setComment(session, workingName, { migrationId: run.migrationId, comment: '' });
    return { statements: access.length + settings.length };
  });
}

interface WantedState {
  /** What is missing; values may be secrets of the application, so they are neither logged nor answered. */
  readonly settings: readonly string[];
  readonly titles: readonly string[];
  /** Owner, grants and connection limit: what opens the database to its application. */
  readonly access: readonly string[];
  readonly comment: string;
}

async function wantedState(context: Context, sides: Sides<Session>, params: CopyParams): Promise<WantedState> {
  const { captured } = context.params;
  const { role, sourceOwner, workingName } = params;
  const structures = await readBothStructures(sides, params);
  const mapRole = await readRoleMap(sides.source, sides.target, { sourceOwner, role });
  const acl = await readCapturedAcl(sides.source, captured, mapRole);
  const wanted = { owner: role, acl, connectionLimit: captured.connectionLimit };
  return {
    settings: settingStatements(structures.source, structures.target, workingName),
    titles: settingTitles(structures.source),
    access: await databaseAccessStatements(sides.target, workingName, wanted),
    comment: (await databaseState(sides.source, params.source.database)).comment ?? '',
  };
}

async function isReached(
  wanted: WantedState,
  { target }: Sides<Session>,
  { workingName }: CopyParams,
): Promise<boolean> {
  const { comment } = readRestoreMark((await databaseState(target, workingName)).comment);
  return wanted.settings.length + wanted.access.length === 0 && comment === wanted.comment;
}
