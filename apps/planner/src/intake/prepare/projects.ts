import type { ApplyRequest } from '#shared/contracts/requests/apply.request.js';
import type { HealthRequest, ValidateRequest } from '#shared/contracts/requests/validate.request.js';
import type { ProjectRegistry } from '../../planning/project-registry.js';
import type { RegisteredProject } from '../../projects/project-store.js';
import type { Lookups, Prepared } from './prepared.js';
import { Objections } from './unknown-entries.js';

/** @throws RequestRefused PROJECT_UNKNOWN, SERVER_UNKNOWN, SERVICE_UNKNOWN, REQUEST_INVALID: all that is wrong at once. */
export async function prepareApply(request: ApplyRequest, lookups: Lookups): Promise<Prepared> {
  const { project, objections } = await namedProject(request.project, lookups);
  for (const [at, { alias }] of (request.databases ?? []).entries()) {
    const pointer = `/databases/${String(at)}/alias`;
    requireAlias(project, alias, { pointer, objections });
    if (request.databases?.findIndex((other) => other.alias === alias) !== at)
      objections.add('REQUEST_INVALID', pointer, `${alias} is asked for twice`);
  }
  if (request.databases?.length === 0)
    objections.add('REQUEST_INVALID', '/databases', 'names no database; leave it out for every one');
  checkLeftOut(request, project, objections);
  const registry = snapshotOf(project, objections);
  const where = request.databases === undefined ? '' : ` on ${request.databases.map(({ alias }) => alias).join(', ')}`;
  const title = `apply of ${project.name}${toVersion(request)}${where}`;
  const message = `${title}; nothing is done where nothing is pending`;
  return { subject: subjectOf(project), title, status: 'requested', message, registry };
}

function toVersion({ to }: ApplyRequest): string {
  return to === undefined || to === 'latest' ? '' : ` to ${to}`;
}

function checkLeftOut({ databases, leaveOut = {} }: ApplyRequest, project: RegisteredProject, objections: Objections) {
  for (const [alias, reason] of Object.entries(leaveOut)) {
    const pointer = `/leaveOut/${alias}`;
    requireAlias(project, alias, { pointer, objections });
    if (reason.trim() === '') objections.add('REQUEST_INVALID', pointer, `say why ${alias} is left out`);
    if (databases?.some((database) => database.alias === alias) === true)
      objections.add('REQUEST_INVALID', pointer, `${alias} is asked for and left out`);
  }
}

/** @throws RequestRefused */
export async function prepareValidate(request: ValidateRequest, lookups: Lookups): Promise<Prepared> {
  const { project, objections } = await namedProject(request.project, lookups);
  if (request.database !== undefined) requireAlias(project, request.database, { pointer: '/database', objections });
  const title = `validation of ${request.database === undefined ? '' : `${request.database} of `}${project.name}`;
  return reading(title, project, snapshotOf(project, objections));
}

/** @throws RequestRefused */
export async function prepareHealth(request: HealthRequest, lookups: Lookups): Promise<Prepared> {
  const { project, objections } = await namedProject(request.project, lookups);
  for (const [at, alias] of (request.databases ?? []).entries())
    requireAlias(project, alias, { pointer: `/databases/${String(at)}`, objections });
  return reading(`health of ${project.name}`, project, snapshotOf(project, objections));
}

function reading(title: string, project: RegisteredProject, registry: ProjectRegistry): Prepared {
  const message = `${title}: nothing is changed, nothing is held`;
  return { subject: subjectOf(project), reads: true, title, status: 'requested', message, registry };
}

/** Of whatever changes the project's databases: one at a time. */
export function subjectOf({ name }: RegisteredProject): string {
  return `project:${name}`;
}

/** @throws RequestRefused PROJECT_UNKNOWN */
export async function namedProject(name: string, lookups: Lookups) {
  const objections = new Objections(lookups.entries);
  const project = await lookups.project(name);
  if (project !== undefined) return { project, objections };
  objections.add('PROJECT_UNKNOWN', '/project', `project "${name}" was never pushed; rehome project push DIR does it`);
  throw objections.refusal('PROJECT_UNKNOWN');
}

export function requireAlias(
  { name, definition }: RegisteredProject,
  alias: string,
  { pointer, objections }: { readonly pointer: string; readonly objections: Objections },
): void {
  const known = definition.databases.map((database) => database.alias);
  if (known.includes(alias)) return;
  objections.add('REQUEST_INVALID', pointer, `${name} has no database "${alias}"; it has ${known.join(', ')}`);
}

/** @throws RequestRefused with everything that was objected by now, and servers and services that are not registered. */
export function snapshotOf(
  { name, digest, definition, migrations }: RegisteredProject,
  objections: Objections,
): ProjectRegistry {
  const names = [...new Set(definition.databases.map(({ server }) => server))];
  const servers = names.flatMap((server) => objections.server(server, '/project') ?? []);
  for (const service of definition.services) objections.service(service, '/project');
  objections.throwIfAny();
  return {
    project: { name, digest },
    databases: definition.databases.map(({ alias, server, database, roles, schemas, settings }) => ({
      alias,
      server,
      database,
      ...roles,
      schemas,
      settings,
      apps: [...new Set(migrations.filter(({ home }) => home === alias).map(({ app }) => app))],
    })),
    servers,
    services: definition.services,
  };
}
