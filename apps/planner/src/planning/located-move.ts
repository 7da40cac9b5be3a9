import type { JsonObject } from '#shared/contracts/json.js';
import type {
  DbType,
  InstanceDefinition,
  SecretRef,
  ServerDefinition,
  ServiceDefinition,
} from '#shared/contracts/registry.js';
import type { CaptureSourceResult } from '#shared/contracts/steps/database-steps.js';
import type { VerifyCopyResult } from '#shared/contracts/steps/verification-steps.js';

/** One end of a move between servers that the registry knows. */
export interface MoveEnd {
  readonly server: ServerDefinition;
  readonly database: string;
  /** Role of the application; that of the database's owner when absent. */
  readonly owner?: string;
  readonly secretRef?: SecretRef;
  /** Of an instance. */
  readonly dbType?: DbType;
}

/** `MigrationRequested.registry` of a relocation, and of a return: both ends as they stood when it was asked for. */
export interface LocatedMove {
  readonly source: MoveEnd;
  readonly target: MoveEnd;
  /** Templates filled; absent when none uses the database. */
  readonly service?: ServiceDefinition;
  /** The tenant in the database, as registered; its plan is the one it has afterwards. */
  readonly instance?: Pick<InstanceDefinition, 'instanceId' | 'plan'>;
}

/** The same of a return, with what the move that it takes back left behind. */
export interface LocatedReturn extends LocatedMove {
  readonly returns: {
    readonly migrationId: string;
    readonly kind: string;
    readonly title: string;
    /** RFC 3339; what was written since then is what a return may discard. */
    readonly completedAt: string;
  };
  /** Absent when it was dropped since. */
  readonly retired?: {
    readonly retiredName: string;
    readonly markedBefore?: string;
    readonly captured: CaptureSourceResult;
    /** What the copy and this source had in common. */
    readonly verified: VerifyCopyResult;
  };
  /** Resources that an upgrade gave and that stay. */
  readonly keepsResourcesOf?: string;
}

/** @throws RangeError naming the entry that is missing from the snapshot that intake wrote. */
export function readLocatedMove(registry: JsonObject): LocatedMove {
  requireEntries(registry, ['source', 'target']);
  return registry as unknown as LocatedMove;
}

/** @throws RangeError naming the entry that is missing from the snapshot that intake wrote. */
export function readLocatedReturn(registry: JsonObject): LocatedReturn {
  requireEntries(registry, ['source', 'target', 'returns']);
  return registry as unknown as LocatedReturn;
}

function requireEntries(registry: JsonObject, names: readonly string[]): void {
  for (const name of names)
    if (registry[name] === undefined) throw new RangeError(`the registry snapshot of a move lacks "${name}"`);
}
