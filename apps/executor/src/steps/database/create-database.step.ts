import type { StepAttempt } from '#shared/contracts/events.js';
import type { JsonObject } from '#shared/contracts/json.js';
import type { ExtensionFact } from '#shared/contracts/steps/database-facts.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { scramVerifier } from '#shared/database/scram-verifier.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import {
  createDatabaseStatement,
  createWorkingDatabase,
  databaseState,
  dropOwnDatabase,
  extensionStatements,
  workingName,
} from '../../postgres/database-lifecycle.js';
import { createMissingRoles, dropCreatedRoles } from '../../postgres/roles.js';
import { runDigits } from '../../postgres/session-name.js';
import { readStoredPassword, whyNotCopied } from '../../postgres/stored-passwords.js';
import type { Session } from '../../postgres/session.js';
import type { Step, StepContext } from '../../running/step.js';
import { MAINTENANCE_DATABASE, placeOf, withAdmin } from '../step-session.js';
import { readExtensions } from './working-database.js';

type Context = StepContext<'create-database'>;

/** Described with the newest statement; older majors leave the locale provider out. */
const NEWEST_MAJOR = 18;

/** Creates missing roles and an empty database under a migration-specific name with a marker. */
export const createDatabase: Step<'create-database'> = {
  kind: 'create-database',

  async probe(context) {
    return withAdmin(context, context.params.server, MAINTENANCE_DATABASE, async (session) => {
      const name = (await ownNames(context, session)).at(-1);
      if (name === undefined) return { state: 'not-started' };
      const createdRoles = await capturedRoles(context);
      const complete = createdRoles !== undefined && (await extensionsComplete(context, name));
      return complete
        ? { state: 'done', result: { workingName: name, createdRoles } }
        : { state: 'partial', detail: `${name} is not complete` };
    });
  },

  async run(context) {
    const { params, run, tools, signal, lease } = context;
    const name = workingName(params.database, { digits: runDigits(run), fence: run.fence });
    const verifier = await verifierOf(context);
    const createdRoles = await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
      const captured = await captureRoles(context, session);
      await lease.check();
      await createMissingRoles(session, { ...params, ...(verifier === undefined ? {} : { verifier }) });
      await tools.faults.reach('step.create-database.roles');
      for (const old of await ownNames(context, session)) await dropOwnDatabase(session, old, run.migrationId);
      await lease.check();
      await createWorkingDatabase(session, params, { name, migrationId: run.migrationId });
      return captured;
    });
    await tools.faults.reach('step.create-database.created');
    await withAdmin(context, params.server, name, async (session) => {
      const extensions = await installable(session, params.extensions);
      for (const statement of extensionStatements(extensions)) {
        signal.throwIfAborted();
        await session.query(statement);
      }
    });
    return { workingName: name, createdRoles };
  },

  async verify(context, result) {
    await withAdmin(context, context.params.server, result.workingName, (session) => session.query('select 1'));
  },

  undo: drop,

  describe(params) {
    const at = placeOf(params.server);
    const name = `${params.database}__r<8 hex>_<fence>`;
    const role = `create role ${quoteIdentifier(params.role)} login password '$PASSWORD' -- when it is missing`;
    const kept = params.roleSecretRef === undefined ? ', its password as it is stored at the source' : '';
    const statements = [
      `${role}${kept}`,
      createDatabaseStatement(params, name, NEWEST_MAJOR),
      ...extensionStatements(params.extensions),
    ];
    return statements.map((text) => ({ tool: 'sql', at, text }));
  },
};

/** What the server is to store of the role's password: made from the reference, else as another server stores it. */
async function verifierOf(context: Context): Promise<string | undefined> {
  const { params, tools } = context;
  if (params.roleSecretRef !== undefined) return scramVerifier(await tools.secrets.resolve(params.roleSecretRef));
  const { passwordFrom: from } = params;
  if (from === undefined) return undefined;
  const stored = await withAdmin(context, from.server, MAINTENANCE_DATABASE, (session) =>
    readStoredPassword(session, from.role),
  );
  const objection = whyNotCopied(stored, from.role, params.role);
  if (objection !== undefined)
    throw new RehomeError('PREFLIGHT_FAILED', `${objection}; name the password by secretRef of the target`);
  if (stored.kind === 'none' || stored.kind === 'no-role') return undefined;
  tools.secrets.hide(stored.verifier);
  return stored.verifier;
}

/** Another major brings other versions of what comes with PostgreSQL: then its own is taken. */
export async function installable(session: Session, extensions: readonly ExtensionFact[]): Promise<ExtensionFact[]> {
  const { rows } = await session.query<{ name: string; version: string }>(
    `select name, version from pg_available_extension_versions where name = any ($1)`,
    [extensions.map(({ name }) => name)],
  );
  const available = new Set(rows.map(({ name, version }) => `${name} ${version}`));
  return extensions.map((fact) => (available.has(`${fact.name} ${fact.version}`) ? fact : { ...fact, version: '' }));
}

/** In the order of extensions a missing one is the sign of an attempt that died. */
async function extensionsComplete(context: Context, name: string): Promise<boolean> {
  const { server, extensions } = context.params;
  const present = new Set((await withAdmin(context, server, name, readExtensions)).map((extension) => extension.name));
  return extensions.every((extension) => extension.name === 'plpgsql' || present.has(extension.name));
}

/** Working databases of this step that carry our mark, oldest fence first. */
async function ownNames({ params, run }: Context, session: Session): Promise<string[]> {
  const own: string[] = [];
  for (const name of possibleNames(params.database, run)) {
    if ((await databaseState(session, name)).migrationId === run.migrationId) own.push(name);
  }
  return own;
}

/** Every name that any attempt of any generation could have used; fences count claims, so there are few. */
function possibleNames(database: string, run: StepAttempt): string[] {
  const generations = Array.from({ length: run.generation }, (_, index) => index + 1);
  return generations.flatMap((generation) => {
    const digits = runDigits({ ...run, direction: 'run', generation });
    // Earlier generations, and the run that an undo takes back, may have been claimed more often than this one.
    const claims = run.fence + SPARE_FENCES;
    return Array.from({ length: claims }, (_, index) => workingName(database, { digits, fence: index + 1 }));
  });
}

const SPARE_FENCES = 20;

/** Which roles are missing before anything is created: what the undo may drop. */
async function captureRoles({ params, run, tools }: Context, session: Session): Promise<string[]> {
  const kept = await tools.captures.keep(run, async () => {
    const names = [params.role, params.sourceOwner, ...params.roles.map(({ name }) => name)];
    const { rows } = await session.query<{ name: string }>(
      `select distinct wanted.name
         from unnest($1::text[]) as wanted (name)
        where not exists (select from pg_roles where rolname = wanted.name) and wanted.name !~ '^pg_'
        order by 1`,
      [names],
    );
    return { missingRoles: rows.map(({ name }) => name) };
  });
  return rolesIn(kept);
}

async function capturedRoles({ run, tools }: Context): Promise<string[] | undefined> {
  const kept = await tools.captures.find(run);
  return kept === undefined ? undefined : rolesIn(kept);
}

function rolesIn({ missingRoles }: JsonObject): string[] {
  return Array.isArray(missingRoles) ? missingRoles.map(String) : [];
}

async function drop(context: Context): Promise<JsonObject> {
  const { params, run, result, tools, lease } = context;
  const roles = (await capturedRoles(context)) ?? [...(result?.createdRoles ?? [])];
  const left = await withAdmin(context, params.server, MAINTENANCE_DATABASE, async (session) => {
    await lease.check();
    const names = new Set([
      ...(await ownNames(context, session)),
      ...(result === undefined ? [] : [result.workingName]),
    ]);
    for (const name of names) await dropOwnDatabase(session, name, run.migrationId);
    return dropCreatedRoles(session, roles);
  });
  await tools.captures.forget(run);
  return { rolesLeft: left };
}
