import { fitIdentifier, quoteIdentifier } from '#shared/database/identifier.js';
import type { SqlStatement } from '#shared/projects/migration-file.js';
import { nodeAt, textAt } from '#shared/projects/sql/tree.js';
import { createWorkingDatabase, dropOwnDatabase, extensionStatements } from '../../../postgres/database-lifecycle.js';
import { runTexts } from '../../../postgres/run-texts.js';
import { runDigits } from '../../../postgres/session-name.js';
import type { StepContext } from '../../../running/step.js';
import { markedNames } from '../../backup/restored-database.js';
import { readAttributes, readExtensions } from '../../database/working-database.js';
import { MAINTENANCE_DATABASE, withAdmin } from '../../step-session.js';

/** Steps that run scripts where nobody else is. */
export type OnScratch = 'prove-fakes' | 'prove-reverts';
type Context = StepContext<OnScratch>;

/** `epsm_results__f1a2b3c4d_1`: the fence keeps an older attempt's late `create database` away from ours. */
function scratchName(database: string, digits: string, fence: number): string {
  return fitIdentifier(database, `__f${digits}_${String(fence)}`);
}

/**
 * An empty database like the live one, with its extensions and the schemas of the owner, closed to everybody else.
 * @param statements of the scripts: extensions that they create are left to them
 * @returns its name
 */
export async function makeScratch(context: Context, statements: readonly SqlStatement[]): Promise<string> {
  const { params, run, lease, signal } = context;
  const { address, owner, schemas } = params.database;
  const name = scratchName(address.database, runDigits(run), run.fence);
  await lease.check();
  await withAdmin(context, address.server, MAINTENANCE_DATABASE, async (session) => {
    const attributes = await readAttributes(session, address.database);
    await createWorkingDatabase(session, { ...attributes, role: owner }, { name, migrationId: run.migrationId });
  });
  const made = new Set(statements.flatMap((statement) => createdExtension(statement) ?? []));
  const extensions = await withAdmin(context, address.server, address.database, readExtensions);
  await withAdmin(context, address.server, name, async (session) => {
    const role = quoteIdentifier(owner);
    const own = schemas.map((schema) =>
      schema === 'public'
        ? `alter schema public owner to ${role}`
        : `create schema ${quoteIdentifier(schema)} authorization ${role}`,
    );
    const present = extensionStatements(extensions.filter((extension) => !made.has(extension.name)));
    await runTexts(session, [...own, ...present], signal);
  });
  return name;
}

/** Drops every scratch database of this step, whichever attempt made it. May be repeated. */
export async function dropScratches(context: Context): Promise<void> {
  const { params, run, lease } = context;
  const { server, database } = params.database.address;
  const generations = Array.from({ length: run.generation }, (_, index) => index + 1);
  const marks = generations.map((generation) => runDigits({ ...run, direction: 'run', generation }));
  const isOwn = (name: string): boolean =>
    marks.some((digits) => {
      const mark = `__f${digits}_`;
      const fence = Number(name.slice(name.lastIndexOf(mark) + mark.length));
      return name.includes(mark) && name === scratchName(database, digits, fence);
    });
  await withAdmin(context, server, MAINTENANCE_DATABASE, async (session) => {
    await lease.check();
    for (const name of (await markedNames(session, run.migrationId)).filter(isOwn)) {
      await dropOwnDatabase(session, name, run.migrationId);
    }
  });
}

function createdExtension({ node, tree }: SqlStatement): string | undefined {
  return node === 'CreateExtensionStmt' ? textAt(nodeAt(tree, node), 'extname') : undefined;
}
