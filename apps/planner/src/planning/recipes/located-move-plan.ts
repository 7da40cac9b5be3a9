import type { JsonObject } from '#shared/contracts/json.js';
import type { Plan } from '#shared/contracts/plan.js';
import { failedChecks, type PreflightCheck } from '#shared/contracts/preflight.js';
import type { DatabaseAddress, SecretRef } from '#shared/contracts/registry.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { ParamsOf } from '#shared/contracts/steps/step-types.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import type { LocatedMove, MoveEnd } from '../located-move.js';
import type { MoveLocation, MoveOutcome } from '../outcome.js';
import type { Compiled, InspectCommand, RecipeRequest } from '../recipe.js';
import { refuseForChecks } from '../refusal.js';
import { readOptions } from '../request-options.js';
import { endpointOf } from '../upgrade-registry.js';
import { inspectionComplete, ownerIsApplication, readInspection, serviceChecks, warningsOf } from './move-checks.js';
import { registeredTarget, type MovedService, type MoveParts, type MoveTarget } from './move-parts.js';
import { moveSteps, reservationsOf } from './move-plan.js';
import { SHORT_TIMEOUT_MS } from './move-timeouts.js';

/** How the moves between known servers differ. */
export interface LocatedManner {
  readonly kind: string;
  readonly version: number;
  /** Of the backup. */
  readonly label: string;
  readonly olderMajor?: 'warn';
  readonly warnings?: readonly string[];
  readonly returns?: string;
}

/** Both sides are read before there is a plan. */
export function inspectLocated(
  move: LocatedMove,
  more: Pick<ParamsOf<'inspect-move'>, 'retired' | 'superuser'> & {
    readonly target?: boolean;
    readonly olderMajor?: 'warn';
  } = {},
): InspectCommand {
  const { source, target, service } = move;
  const { retired, superuser, olderMajor } = more;
  const params: ParamsOf<'inspect-move'> = {
    source: addressOf(source),
    ...(source.owner === undefined ? {} : { owner: source.owner }),
    ...(service === undefined ? {} : { service }),
    ...(superuser === undefined ? {} : { superuser }),
    ...(retired === undefined ? {} : { retired }),
    ...(more.target === false
      ? {}
      : {
          target: {
            ...addressOf(target),
            ...(target.owner === undefined ? {} : { role: target.owner }),
            ...secretOf(target.secretRef),
            ...(olderMajor === undefined ? {} : { olderMajor }),
          },
        }),
  };
  const site = service?.site ?? source.server.site;
  return {
    kind: 'inspect-move',
    params: asJsonObject(params),
    timeoutMs: SHORT_TIMEOUT_MS,
    ...(site === undefined ? {} : { site }),
  };
}

/** A copy at the target takes the place of the source. */
export function compileLocated(
  request: RecipeRequest,
  move: LocatedMove,
  facts: JsonObject | undefined,
  manner: LocatedManner,
): Compiled {
  const { checks, database, tools } = judgeLocated(move, facts);
  if (failedChecks(checks).length > 0 || database === undefined || tools === undefined) return refuseForChecks(checks);
  const roles = rolesOf(move, database);
  const { olderMajor } = manner;
  const parts: MoveParts = {
    facts: database,
    tools,
    source: addressOf(move.source),
    sourceOwner: roles.source,
    sourceSecretRef: move.source.secretRef,
    sourceSite: move.source.server.site,
    target: targetOf(move, roles.target, olderMajor),
    ...serviceOf(move, roles.source),
    label: manner.label,
  };
  return {
    outcome: 'plan',
    plan: { ...planHead(request, move, { checks, database, manner }), steps: moveSteps(parts) },
  };
}

/** Everything of a plan but its steps. */
export function planHead(
  request: RecipeRequest,
  move: LocatedMove,
  {
    checks,
    database,
    manner,
  }: {
    readonly checks: readonly PreflightCheck[];
    readonly database: DatabaseFacts;
    readonly manner: LocatedManner;
  },
): Omit<Plan, 'steps'> {
  const { maxDowntimeMs } = readOptions(request.request);
  const { instance, source, target, service } = move;
  const databases = [addressOf(source), addressOf(target)];
  return {
    planVersion: 1,
    kind: manner.kind,
    recipeVersion: manner.version,
    title: request.title,
    checks,
    warnings: [...(manner.warnings ?? []), ...warningsOf(checks)],
    reservations: reservationsOf({ instanceId: instance?.instanceId, databases, service }),
    outcome: asJsonObject(outcomeOf(move, database, manner)),
    fingerprint: database.fingerprint,
    ...(maxDowntimeMs === undefined ? {} : { maxDowntimeMs }),
  };
}

/** What the inspection found, and what the registry says against the move. */
export function judgeLocated(move: LocatedMove, facts: JsonObject | undefined) {
  const { checks: inspected, database, tools } = readInspection(facts);
  const checks = [...inspected, inspectionComplete({ database, tools }), ...registryChecks(move, database)];
  return { checks, database, tools };
}

function registryChecks(move: LocatedMove, database: DatabaseFacts | undefined): PreflightCheck[] {
  const { service, source, target, instance } = move;
  if (database === undefined) return [];
  const roles = rolesOf(move, database);
  return [
    ...(service === undefined
      ? []
      : serviceChecks({
          service,
          before: { user: roles.source, database: source.database, ...secretOf(source.secretRef) },
          after: { user: roles.target, database: target.database },
          newPassword: target.secretRef !== undefined,
          instanceId: instance?.instanceId,
        })),
    ownerIsApplication(roles.source, database.owner),
  ];
}

interface Roles {
  readonly source: string;
  readonly target: string;
}

/** A role that nobody named is the one that owns the database, and is called the same at the target. */
export function rolesOf({ source, target }: LocatedMove, database: DatabaseFacts): Roles {
  const from = source.owner ?? database.owner;
  return { source: from, target: target.owner ?? from };
}

export function targetOf(move: LocatedMove, role: string, olderMajor?: 'warn'): MoveTarget {
  const { server, database, secretRef } = move.target;
  return registeredTarget(endpointOf(server), {
    role,
    database,
    ...secretOf(secretRef),
    ...(olderMajor === undefined ? {} : { olderMajor }),
  });
}

/** The service with what it connects to now. */
export function serviceOf({ service, source }: LocatedMove, user: string): { readonly service?: MovedService } {
  if (service === undefined) return {};
  const { server, database, secretRef } = source;
  const previous = { host: server.host, port: server.port, user, database, ...secretOf(secretRef) };
  return { service: { definition: service, previous } };
}

export function addressOf({ server, database }: MoveEnd): DatabaseAddress {
  return { server: endpointOf(server), database };
}

function outcomeOf(move: LocatedMove, database: DatabaseFacts, { returns }: LocatedManner): MoveOutcome {
  const roles = rolesOf(move, database);
  const { instance } = move;
  return {
    type: 'move',
    ...(instance === undefined ? {} : { instanceId: instance.instanceId, plan: instance.plan }),
    database: move.source.database,
    from: locationOf(move.source, roles.source),
    to: locationOf(move.target, roles.target),
    ...(returns === undefined ? {} : { returns }),
  };
}

function locationOf({ server, database, dbType, secretRef }: MoveEnd, user: string): MoveLocation {
  return {
    dbServerId: server.name,
    host: server.host,
    port: server.port,
    user,
    ...(dbType === undefined ? {} : { dbType }),
    ...secretOf(secretRef),
    database,
  };
}

function secretOf(secretRef: SecretRef | undefined) {
  return secretRef === undefined ? {} : { secretRef };
}
