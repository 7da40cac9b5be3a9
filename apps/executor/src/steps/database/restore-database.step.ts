import { join } from 'node:path';
import type { JsonObject } from '#shared/contracts/json.js';
import { quoteIdentifier, fitIdentifier } from '#shared/database/identifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { checkedBackup } from '../../backups/checked-backup.js';
import { ARCHIVE, type Manifest } from '../../backups/manifest.js';
import {
  createWorkingDatabase,
  databaseState,
  dropOwnDatabase,
  extensionStatements,
} from '../../postgres/database-lifecycle.js';
import { analyzeDatabase } from '../../postgres/analyze.js';
import { restoreArguments, restoreDatabase as runRestore } from '../../postgres/dump-and-restore.js';
import { createBootstrapPlaceholder } from '../../postgres/roles.js';
import { sessionName } from '../../postgres/session-name.js';
import type { Session } from '../../postgres/session.js';
import { findTools, type PostgresTools } from '../../postgres/tools.js';
import { withRunDirectory } from '../../running/run-directory.js';
import type { Step, StepContext } from '../../running/step.js';
import { adminAddress, MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';
import {
  markRestored,
  readAttributes,
  readExtensions,
  readRestoreMark,
  readSchemas,
  requireOurs,
} from './working-database.js';

type Context = StepContext<'restore-database'>;

/** Restores the backup into the marked working database. The mark of a finished restore is written last. */
export const restoreDatabase: Step<'restore-database'> = {
  kind: 'restore-database',

  async probe(context) {
    const { params, run } = context;
    return withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      if ((await databaseState(session, renewedName(context))).exists) return partial('it is being made anew');
      const { mark } = readRestoreMark(await requireOurs(session, params.workingName, run.migrationId));
      if (mark?.backupId === params.backupId) return { state: 'done', result: mark };
      const empty = await withAdmin(context, params.server, params.workingName, isEmpty);
      return empty ? { state: 'not-started' } : partial('it holds objects');
    });

    function partial(why: string) {
      return { state: 'partial', detail: `${params.workingName} has no mark of a finished restore: ${why}` } as const;
    }
  },

  async run(context) {
    const { params, run, lease, tools } = context;
    const { backup, manifest } = await checkedBackup(tools.backups, params.backupId);
    const { path } = backup;
    await renewUnlessEmpty(context);
    await lease.check();
    await withAdmin(context, params.server, MAINTENANCE_DATABASE, (session) =>
      createBootstrapPlaceholder(session, manifest.bootstrapRole),
    );
    const items = await restore(context, join(path, ARCHIVE), manifest);
    await tools.faults.reach('step.restore-database.restored');
    await analyze(context);
    const mark = { backupId: params.backupId, items };
    await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      await lease.check();
      await markRestored(session, params.workingName, { migrationId: run.migrationId, mark });
    });
    return mark;
  },

  async verify(context, result) {
    const { params, run } = context;
    await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      const { mark } = readRestoreMark(await requireOurs(session, params.workingName, run.migrationId));
      if (mark?.backupId === result.backupId) return;
      throw new RehomeError('TARGET_NOT_OURS', `${params.workingName} lost the mark of its restore; restore again`);
    });
  },

  undo: emptyAgain,

  describe({ server, workingName, backupId, jobs, asRole, role }) {
    const directory = `$WORK_ROOT/backups/${backupId}/dump`;
    const scope = { listFile: '$LIST', ...(asRole === true ? { asRole: role } : {}) };
    const text = ['pg_restore', ...restoreArguments(workingName, directory, jobs, scope)].join(' ');
    const at = placeOf(server);
    return [
      { tool: 'command', at, text },
      { tool: 'sql', at: `${at}/${workingName}`, text: 'analyze each table' },
    ];
  },
};

async function restore(context: Context, directory: string, manifest: Manifest): Promise<number> {
  const { params, run, tools, signal } = context;
  const chosen = sameMajor(await findTools(tools.pgToolsDirectories), manifest);
  const present = await withAdmin(context, params.server, params.workingName, async (session) => ({
    schemas: await readSchemas(session),
    extensions: (await readExtensions(session)).map(({ name }) => name),
  }));
  const address = await adminAddress(context, params.server, params.workingName);
  return withRunDirectory(tools.workRoot, run, (workDirectory) =>
    runRestore(
      {
        tools: chosen,
        address,
        applicationName: sessionName(run),
        workDirectory,
        directory,
        jobs: params.jobs,
        signal,
        onProgress: (progress) => {
          context.progress(progress);
        },
      },
      present,
      params.asRole === true ? { asRole: params.role } : {},
    ),
  );
}

/** Before the mark: a restore that is done has its statistics, whatever happened on the way. */
async function analyze(context: Context): Promise<void> {
  const { params, run, tools, signal } = context;
  const address = await adminAddress(context, params.server, params.workingName);
  const { failed } = await analyzeDatabase(address, { applicationName: sessionName(run), signal, jobs: params.jobs });
  if (failed.length > 0) tools.logger.warn({ failed: failed.slice(0, 20) }, 'tables without planner statistics');
}

/** An older pg_restore cannot read the archive, a newer one may send what the server does not know. */
export function sameMajor(
  found: readonly PostgresTools[],
  { toolMajor, toolVersion }: Pick<Manifest, 'toolMajor' | 'toolVersion'>,
): PostgresTools {
  const chosen = found.find(({ major }) => major === toolMajor);
  if (chosen !== undefined) return chosen;
  throw new RehomeError('TOOL_MISSING', `the backup was made with pg_dump ${toolVersion}; install its pg_restore here`);
}

/**
 * A restore that died leaves objects behind, and pg_restore does not go on from there. The new database is complete
 * before the old one is dropped, so at every moment there is one to take encoding, locale and extensions from.
 */
async function renewUnlessEmpty(context: Context): Promise<void> {
  const { params, run, lease } = context;
  const renewed = renewedName(context);
  const old = await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    const state = await databaseState(session, params.workingName);
    // Died between the drop and the rename: the renewed one is complete.
    if (!state.exists) return 'dropped';
    await dropOwnDatabase(session, renewed, run.migrationId);
    return 'standing';
  });
  if (old === 'standing') {
    if (await withAdmin(context, params.server, params.workingName, isEmpty)) return;
    await createRenewed(context, renewed);
  }
  await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    await lease.check();
    await dropOwnDatabase(session, params.workingName, run.migrationId);
    await session.query(`alter database ${quoteIdentifier(renewed)} rename to ${quoteIdentifier(params.workingName)}`);
  });
}

async function createRenewed(context: Context, renewed: string): Promise<void> {
  const { params, run, lease } = context;
  const extensions = await withAdmin(context, params.server, params.workingName, readExtensions);
  await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    const attributes = await readAttributes(session, params.workingName);
    await lease.check();
    await createWorkingDatabase(
      session,
      { ...attributes, role: params.role },
      { name: renewed, migrationId: run.migrationId },
    );
  });
  await withAdmin(context, params.server, renewed, async (session) => {
    for (const statement of extensionStatements(extensions)) await session.query(statement);
  });
}

function renewedName({ params }: Context): string {
  return fitIdentifier(params.workingName, '_new');
}

/** Nothing but what `create-database` put there: extensions and their schemas. */
async function isEmpty(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ empty: boolean }>(
    `select not exists (select from pg_class as c
                         where c.oid >= 16384
                           and not exists (select from pg_depend as d
                                            where d.classid = 'pg_class'::regclass and d.objid = c.oid
                                              and d.deptype in ('e', 'i', 'a')))
        and not exists (select from pg_largeobject_metadata)
        and not exists (select from pg_proc as p
                         where p.oid >= 16384
                           and not exists (select from pg_depend as d
                                            where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                                              and d.deptype = 'e'))
        and not exists (select from pg_type as t
                         where t.oid >= 16384
                           and not exists (select from pg_depend as d
                                            where d.classid = 'pg_type'::regclass and d.objid = t.oid
                                              and d.deptype in ('e', 'i', 'a')))
            as empty`,
  );
  return rows[0]?.empty === true;
}

async function emptyAgain(context: Context): Promise<JsonObject> {
  const { params, run } = context;
  const there = await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    const names = [params.workingName, renewedName(context)];
    const states = await Promise.all(names.map((name) => databaseState(session, name)));
    return states.some((state) => state.migrationId === run.migrationId);
  });
  if (there) await renewUnlessEmpty(context);
  return { emptied: there };
}
