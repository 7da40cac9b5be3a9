import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { ProjectDatabase } from '#shared/contracts/projects.js';
import type {
  InspectedDatabase,
  InspectProjectResult,
  SelectedDatabase,
} from '#shared/contracts/steps/project-steps.js';
import { coverageOf } from '#shared/projects/decision/coverage.js';
import { standsHere } from '#shared/projects/decision/tracked-migration.js';
import { unmetRequirements } from '#shared/projects/decision/unmet-requirements.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import { idOf } from '#shared/projects/version-words.js';
import { judge } from '../../../postgres/inspection/check.js';
import type { StepContext } from '../../../running/step.js';
import { checkCommands, checkPlaces } from './executor-checks.js';
import { inspectRevert } from './inspect-revert.js';
import type { DatabaseLook } from './look-at-database.js';
import { commonRows, pendingOverSchemas, type PendingOverSchemas } from './pending-over-schemas.js';
import { lookAt, readOthers, type OtherRows, type Selection } from './read-databases.js';

type Context = StepContext<'inspect-project'>;

/** What was read of a database, and what follows from it. */
interface Decided extends PendingOverSchemas {
  readonly look: DatabaseLook;
}

/** Every check is made, also after one that failed, and on every database. */
export async function inspectAll(context: Context): Promise<InspectProjectResult> {
  const { params, tools } = context;
  const project = await tools.projects.load(params.project);
  const selection = selectionOf(project, params.databases);
  const { looks, checks } = await lookAt(context, project, selection);
  const decided = looks.map((look) => ({ look, ...pendingOverSchemas(project, look) }));
  const others = await readOthers(context, project, needed(project, decided, params.revert !== undefined));
  const commands = project.definition.commands.filter(({ database }) =>
    selection.some(({ selected }) => selected.alias === database),
  );
  const judged =
    params.revert === undefined
      ? judgeApply(project, decided, others)
      : judgeRevert(context, project, { decided, others });
  return {
    ...coverageOf(project, params.databases),
    databases: decided.map(inspected),
    commands,
    ...(judged.reverted === undefined ? {} : { revert: judged.reverted }),
    checks: [
      ...checks,
      ...decided.flatMap(({ look }) => onAlias(look.selected.alias, look.checks)),
      ...others.checks,
      ...judged.checks,
      ...(params.revert === undefined ? checkCommands(tools, commands) : []),
      ...(params.backup ? await checkPlaces(tools, looks) : []),
    ],
  };
}

/** In the project's order; an alias that it does not have is told by the decision. */
function selectionOf({ definition }: LoadedProject, asked: readonly SelectedDatabase[] | undefined): Selection[] {
  return definition.databases.flatMap((database) => {
    const selected =
      asked === undefined ? { alias: database.alias } : asked.find(({ alias }) => alias === database.alias);
    return selected === undefined ? [] : [{ database, selected }];
  });
}

type Judged = ReturnType<typeof inspectRevert>;

function judgeApply(project: LoadedProject, decided: readonly Decided[], others: OtherRows): Judged {
  const states = decided.map(({ look, pending }) => ({ alias: look.selected.alias, rows: commonRows(look), pending }));
  const idle = others.databases.map(({ alias, rows }) => ({ alias, rows, pending: [] }));
  const unmet = unmetRequirements(project, [...states, ...idle]);
  const requirements = judge(
    'requirements',
    'error',
    'met',
    unmet.length === 0 ? undefined : { found: unmet.join('; '), remedy: 'ask for what is required, too' },
  );
  return { checks: [...decided.flatMap(judgeOne), requirements] };
}

function judgeOne({ look, problems, drift, pending }: Decided): PreflightCheck[] {
  const { alias } = look.selected;
  const changed = drift.filter(({ kind }) => kind === 'file-changed').map(({ detail }) => detail);
  const missing = drift.filter(({ kind }) => kind === 'file-missing').map(({ detail }) => detail);
  const structure = look.drift.map(({ what, detail }) => `${what}: ${detail}`);
  const one = (name: string, severity: PreflightCheck['severity'], found: readonly string[], remedy: string) =>
    judge(
      name,
      severity,
      name === 'migrations' ? `${String(pending.length)} pending` : 'none',
      found.length === 0 ? undefined : { found: found.slice(0, 10).join('; '), remedy },
    );
  return onAlias(alias, [
    one('migrations', 'error', problems, 'follow each sentence, then request again'),
    one('changed-files', 'error', changed, 'bring the old text back, push, and write a new migration'),
    one('missing-files', 'warning', missing, 'bring the files back: nobody else can be migrated like this database'),
    one('structure-drift', 'warning', structure, 'see who changed it; a migration that makes the same will fail'),
  ]);
}

function judgeRevert(
  { params }: Context,
  project: LoadedProject,
  { decided, others }: { readonly decided: readonly Decided[]; readonly others: OtherRows },
): Judged {
  const look = decided.find((one) => one.look.selected.alias === params.revert?.database)?.look;
  if (params.revert === undefined || look === undefined) return { checks: [] };
  const otherRows = others.databases.flatMap(({ rows }) => rows);
  const { checks, reverted } = inspectRevert({ project, asked: params.revert, look, otherRows });
  return { checks, ...(reverted === undefined ? {} : { reverted }) };
}

/** Databases that are not asked for, and whose rows decide all the same. */
function needed(project: LoadedProject, decided: readonly Decided[], all: boolean): ProjectDatabase[] {
  const asked = new Set(decided.map(({ look }) => look.selected.alias));
  const required = new Set(decided.flatMap(({ pending }) => pending.flatMap(({ requires }) => requires)));
  const homes = new Set(project.migrations.filter(({ id }) => required.has(id)).map(({ home }) => home));
  return project.definition.databases.filter(({ alias }) => !asked.has(alias) && (all || homes.has(alias)));
}

function inspected({ look, pending }: Decided): InspectedDatabase {
  const { selected, address, schemas, owner, facts, database, rows, fingerprint } = look;
  const { application } = database.roles;
  return {
    ...{ alias: selected.alias, address, schemas, owner, pending, fingerprint },
    ...(owner === facts.owner ? {} : { databaseOwner: facts.owner }),
    ...(application === undefined ? {} : { application }),
    ...(look.lacksGrants ? { lacksGrants: true } : {}),
    sizeBytes: facts.sizeBytes,
    applied: new Set(rows.filter(standsHere).map(idOf)).size,
  };
}

/** Which database a check is about: several bring the same one. */
function onAlias(alias: string, checks: readonly PreflightCheck[]): PreflightCheck[] {
  return checks.map((check) => ({ ...check, found: `${alias}: ${check.found}` }));
}
