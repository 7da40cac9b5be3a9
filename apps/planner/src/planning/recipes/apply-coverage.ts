import type { Failure } from '#shared/contracts/events.js';
import { forgottenDatabases } from '#shared/contracts/project-coverage.js';
import type { ApplyRequest } from '#shared/contracts/requests/apply.request.js';
import type { SelectedDatabase } from '#shared/contracts/steps/project-steps.js';
import type { ProjectRegistry, RegisteredDatabase } from '../project-registry.js';

/** What an apply is about: what it names, else every database that is not left out. */
export function selectionOf(
  { databases, leaveOut = {}, to }: ApplyRequest,
  registry: Pick<ProjectRegistry, 'databases'>,
): SelectedDatabase[] {
  const asked: readonly SelectedDatabase[] =
    databases ??
    registry.databases.filter(({ alias }) => !Object.hasOwn(leaveOut, alias)).map(({ alias }) => ({ alias }));
  return asked.map((database) => {
    const { to: own = to, ...rest } = database;
    return { ...rest, ...(own === undefined || own === 'latest' ? {} : { to: own }) };
  });
}

/**
 * Every database and every app that the request would forget. A database that was left out once by mistake stays behind
 * for good, and nobody notices before its tables are missed [e17].
 */
export function forgotten(
  request: ApplyRequest,
  registry: Pick<ProjectRegistry, 'databases'>,
  routed: readonly string[],
): Failure[] {
  const selection = selectionOf(request, registry);
  const asked = { asked: selection.map(({ alias }) => alias), leaveOut: request.leaveOut ?? {} };
  return [
    ...forgottenDatabases(routed, asked).map(forgottenDatabase),
    ...registry.databases.flatMap((database) => forgottenApps(database, selection)),
  ];
}

function forgottenDatabase(alias: string): Failure {
  return {
    code: 'COVERAGE_INCOMPLETE',
    detail: `the router sends migrations to ${alias}, which is neither asked for nor left out; add it to databases, or to leaveOut with the reason`,
    facts: { database: alias },
  };
}

function forgottenApps({ alias, apps }: RegisteredDatabase, selection: readonly SelectedDatabase[]): Failure[] {
  const asked = selection.find((database) => database.alias === alias)?.apps;
  if (asked === undefined) return [];
  return apps
    .filter((app) => !asked.includes(app))
    .map((app) => ({
      code: 'COVERAGE_INCOMPLETE',
      detail: `migrations of ${app} are at home on ${alias}, where only ${asked.join(', ')} is asked for; add ${app} to its apps`,
      facts: { database: alias, app },
    }));
}
