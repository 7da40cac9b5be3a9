import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import type { ToolFacts } from '#shared/contracts/steps/inspection-steps.js';
import type {
  DatabaseAddress,
  EntitlementsDefinition,
  SecretRef,
  ServerEndpoint,
  ServiceDefinition,
} from '#shared/contracts/registry.js';
import type { ConnectionValues } from '#shared/contracts/steps/service-steps.js';
import type { VerifyCopyResult } from '#shared/contracts/steps/verification-steps.js';
import { fromStep, resultOf, type StepReference } from '../from-step.js';

/** Known when the plan is made, or only by the provisioner's answer. */
type Known<T> = T | StepReference<T>;

/** Where a database goes. */
export interface MoveTarget {
  readonly server: Known<ServerEndpoint>;
  readonly host: Known<string>;
  readonly port: Known<number>;
  readonly role: Known<string>;
  /** Absent: the application's password stays as it is. */
  readonly secretRef?: Known<SecretRef>;
  readonly database: string;
  /** For people: "the dedicated server", "pg18". */
  readonly place: string;
  /** Back to the major that it came from. */
  readonly olderMajor?: 'warn';
}

/** The service that uses the database, and how it goes on. */
export interface MovedService {
  readonly definition: ServiceDefinition;
  /** What it connected to before. */
  readonly previous: ConnectionValues;
  /** What an upgrade gives it on the way. */
  readonly resize?: {
    readonly plan: string;
    readonly resources: ServiceResources;
    readonly previous: ServiceResources;
  };
}

/** Everything the steps of a move are written from. */
export interface MoveParts {
  readonly facts: DatabaseFacts;
  readonly tools: ToolFacts;
  readonly source: DatabaseAddress;
  /** The application's role at the source; its grants are mapped to the role of the target. */
  readonly sourceOwner: string;
  /** Of that role, when the registry knows it: it must be refused at the fence. */
  readonly sourceSecretRef?: SecretRef | undefined;
  readonly sourceSite: string | undefined;
  readonly target: MoveTarget;
  /** Absent for a database without a service of ours: then the fence is the stop. */
  readonly service?: MovedService;
  /** Of the backup. */
  readonly label: string;
}

/** Processes that dump, restore and compare at once. */
export const COPY_JOBS = 4;

/** A server that the provisioner will answer; its name, address and administrator are known then. */
export function provisionedTarget(database: string): MoveTarget {
  return {
    server: fromStep('provision-server', 'server'),
    host: fromStep('provision-server', 'server.host'),
    port: fromStep('provision-server', 'server.port'),
    role: fromStep('provision-server', 'role'),
    secretRef: fromStep('provision-server', 'roleSecretRef'),
    database,
    place: 'the dedicated server',
  };
}

/** A server that the registry knows. */
export function registeredTarget(
  server: ServerEndpoint,
  rest: Pick<MoveTarget, 'role' | 'database' | 'secretRef' | 'olderMajor'>,
): MoveTarget {
  return { ...rest, server, host: server.host, port: server.port, place: server.name };
}

export const workingName = fromStep('create-database', 'workingName');

/** The comparison that the start is held against; a value where it was made by an earlier migration. */
export const verifiedCopy: StepReference<VerifyCopyResult> = resultOf('verify-copy');

/** What the application must connect to from now on. */
export function connectionTo({ host, port, role, secretRef, database }: MoveTarget) {
  return { host, port, user: role, ...(secretRef === undefined ? {} : { secretRef }), database };
}

/**
 * A superuser is stopped by no fence, and its code must not run as one elsewhere: the application's role of a dedicated
 * server may be its administrator.
 */
export function ownerIsSuperuser({
  facts,
  source,
  sourceOwner,
}: Pick<MoveParts, 'facts' | 'source' | 'sourceOwner'>): boolean {
  if (sourceOwner === source.server.adminUser) return true;
  return facts.roles.some((role) => role.name === sourceOwner && role.superuser);
}

/** The part of the entitlements that a service's driver applies. */
export function resourcesOf(entitlements: EntitlementsDefinition | undefined): ServiceResources {
  const { cpu, memory, storage } = entitlements ?? { plan: '' };
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(storage === undefined ? {} : { storage }),
  };
}
