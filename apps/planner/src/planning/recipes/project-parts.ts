import type { JsonObject } from '#shared/contracts/json.js';
import type { ServerDefinition } from '#shared/contracts/registry.js';
import type { PendingMigration } from '#shared/contracts/projects.js';
import type {
  InspectedDatabase,
  InspectProjectParams,
  InspectProjectResult,
  MigratedDatabase,
  ProjectPin,
} from '#shared/contracts/steps/project-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { fromStep } from '../from-step.js';
import type { ProjectRegistry } from '../project-registry.js';
import { planStep, type InspectCommand, type UnplacedStep } from '../recipe.js';
import { endpointOf } from '../upgrade-registry.js';
import { COPY_JOBS } from './move-parts.js';
import { copyTimeoutMs, SHORT_TIMEOUT_MS } from './move-timeouts.js';

/** Nobody knows how long a migration takes; past this it is thought to hang. */
export const WORK_TIMEOUT_MS = 24 * 60 * 60_000;
/** Of a proof or a validation: everything of a catalogue is read, and some rows. */
export const READ_TIMEOUT_MS = 6 * SHORT_TIMEOUT_MS;

/** The one step before a plan for a project. */
export function inspectProject(
  { project, servers }: ProjectRegistry,
  rest: Pick<InspectProjectParams, 'databases' | 'revert' | 'backup'>,
): InspectCommand {
  const params: InspectProjectParams = { project, servers: servers.map(endpointOf), ...rest };
  return {
    kind: 'inspect-project',
    params: asJsonObject(params),
    timeoutMs: READ_TIMEOUT_MS,
    ...siteOfAll(servers),
  };
}

/** Whose tools and room are judged: of the one site that all servers are of. */
export function siteOfAll(servers: readonly ServerDefinition[]): { readonly site?: string } {
  const [site, ...others] = new Set(servers.map((server) => server.site));
  return site === undefined || others.length > 0 ? {} : { site };
}

/** An inspection that says nothing is one whose every fact is missing, and is refused as such. */
export function readInspection(facts: JsonObject | undefined): InspectProjectResult {
  if (facts === undefined || !Array.isArray(facts['checks'])) throw new RangeError('the inspection told no checks');
  const { routed = [], databases = [], commands = [] } = facts as unknown as Partial<InspectProjectResult>;
  return { ...(facts as unknown as InspectProjectResult), routed, databases, commands };
}

/** One database, as its steps take it, and what people call it. */
export interface ProjectPlace {
  readonly inspected: InspectedDatabase;
  readonly target: MigratedDatabase;
  /** `results (epsm_results on main)` */
  readonly name: string;
  readonly site: string | undefined;
}

/** @throws RangeError for a database that the snapshot does not hold. */
export function placeOf(inspected: InspectedDatabase, { databases, servers }: ProjectRegistry): ProjectPlace {
  const { alias, address, schemas, owner, application } = inspected;
  const registered = databases.find((one) => one.alias === alias);
  if (registered === undefined) throw new RangeError(`the inspection told of ${alias}, which the project lacks`);
  return {
    inspected,
    target: {
      alias,
      address,
      schemas,
      owner,
      ...(application === undefined ? {} : { application }),
      settings: registered.settings,
    },
    name: `${alias} (${address.database} on ${address.server.name})`,
    site: servers.find(({ name }) => name === address.server.name)?.site,
  };
}

/** As an outcome names it. */
export function describedPlace({ target: { alias, address } }: ProjectPlace) {
  return { alias, server: address.server.name, database: address.database };
}

/** The project, each database and each service: nothing else works on them meanwhile. */
export function reservationsOf({ project, services }: ProjectRegistry, places: readonly ProjectPlace[]): string[] {
  return [
    `project:${project.name}`,
    ...places.map(({ target: { address } }) => `database:${address.server.name}/${address.database}`),
    ...services.map((name) => `service:${name}`),
  ];
}

/** A backup that no undo removes: whatever becomes of the migration, there is a way back. */
export function safetyBackup(place: ProjectPlace, label: string, id: string): UnplacedStep {
  return planStep({
    kind: 'back-up-database',
    id,
    params: {
      source: place.target.address,
      label,
      tier: 'manual',
      compression: 'gzip',
      jobs: COPY_JOBS,
      kept: true,
    },
    title: `back up ${place.name} while it is used`,
    phase: 'prepare',
    timeoutMs: copyTimeoutMs(place.inspected.sizeBytes),
    site: place.site,
  });
}

/** What the safety backup gives back is what is there: without that nothing may be destroyed. */
export function safetyProof(place: ProjectPlace): UnplacedStep {
  return planStep({
    kind: 'verify-backup',
    params: {
      backupId: fromStep('back-up-database', 'backupId'),
      server: place.target.address.server,
      jobs: COPY_JOBS,
    },
    title: `restore the backup of ${place.name} beside it and compare`,
    phase: 'prepare',
    timeoutMs: 2 * copyTimeoutMs(place.inspected.sizeBytes),
    site: place.site,
  });
}

/** What the catalogue of health keeps of these databases is brought up to date. */
export function lookAt(project: ProjectPin, places: readonly ProjectPlace[]): UnplacedStep {
  const servers = new Map(places.map(({ target: { address } }) => [address.server.name, address.server]));
  const sites = new Set(places.map(({ site }) => site));
  const aliases = places.map(({ target: { alias } }) => alias);
  return planStep({
    kind: 'check-health',
    params: { project, servers: [...servers.values()], databases: aliases },
    title: `check the health of ${aliases.join(', ')}`,
    phase: 'finish',
    timeoutMs: READ_TIMEOUT_MS,
    site: sites.size === 1 ? places[0]?.site : undefined,
  });
}

/** `app/version_name` */
export function nameOf({ app, version, name }: Pick<PendingMigration, 'app' | 'version' | 'name'>): string {
  return name === '' ? `${app}/${version}` : `${app}/${version}_${name}`;
}

/** The kind where it stands once, else with its number. */
export function numbered(kind: string, index: number, count: number): string {
  return count === 1 ? kind : `${kind}-${String(index + 1)}`;
}
