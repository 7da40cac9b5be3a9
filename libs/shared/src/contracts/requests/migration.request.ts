import { instanceToPlain } from 'class-transformer';
import type { ErrorCode } from '../../errors/error-codes.js';
import type { JsonObject } from '../json.js';
import type { FieldProblem } from '../problem.js';
import { ApplyRequest } from './apply.request.js';
import { BackupRequest, CleanUpBackupsRequest, PromoteBackupRequest, VerifyBackupRequest } from './backup.request.js';
import { isObject, parseAs } from './parse.js';
import { RelocateRequest } from './relocate.request.js';
import { RetireRequest } from './retire.request.js';
import { ReturnRequest } from './return.request.js';
import { RestoreRequest, unfoldBackupId } from './restore.request.js';
import { RevertRequest } from './revert.request.js';
import { UpgradeRequest } from './upgrade.request.js';
import { HealthRequest, ValidateRequest } from './validate.request.js';

/** Every kind of request with its class; a new kind is one line here. */
export const MIGRATION_REQUESTS = {
  upgrade: UpgradeRequest,
  relocate: RelocateRequest,
  return: ReturnRequest,
  retire: RetireRequest,
  backup: BackupRequest,
  'verify-backup': VerifyBackupRequest,
  'promote-backup': PromoteBackupRequest,
  restore: RestoreRequest,
  'clean-up-backups': CleanUpBackupsRequest,
  apply: ApplyRequest,
  revert: RevertRequest,
  validate: ValidateRequest,
  health: HealthRequest,
} as const;

export type MigrationKind = keyof typeof MIGRATION_REQUESTS;
export type RequestOf<K extends MigrationKind> = InstanceType<(typeof MIGRATION_REQUESTS)[K]>;
export type MigrationRequest = RequestOf<MigrationKind>;

export type ParsedMigrationRequest =
  | { readonly ok: true; readonly request: MigrationRequest }
  | { readonly ok: false; readonly code: ErrorCode; readonly problems: readonly FieldProblem[] };

/**
 * The body of POST /v1/migrations and the data of a CloudEvent on the requests topic: REST and Kafka
 * refuse the same things with the same words.
 */
export function parseMigrationRequest(body: unknown): ParsedMigrationRequest {
  const kind = isObject(body) ? body['kind'] : undefined;
  if (typeof kind === 'string' && !isMigrationKind(kind)) {
    const known = Object.keys(MIGRATION_REQUESTS).join(', ');
    const shown = kind.length > 64 ? `${kind.slice(0, 64)}…` : kind;
    return {
      ok: false,
      code: 'KIND_UNKNOWN',
      problems: [{ pointer: '/kind', message: `no recipe for ${JSON.stringify(shown)}; known: ${known}` }],
    };
  }
  // Without a kind the envelope's own problems are told by any class: all begin with the same field.
  const type = typeof kind === 'string' && isMigrationKind(kind) ? MIGRATION_REQUESTS[kind] : UpgradeRequest;
  const unfolded = kind === 'restore' ? unfoldBackupId(body) : body;
  const parsed = parseAs<MigrationRequest>(type, unfolded);
  if (!parsed.ok) {
    const told = unfolded === body ? parsed.problems : parsed.problems.map(asWritten);
    const problems = kind === undefined && isObject(body) ? [{ pointer: '/kind', message: 'is missing' }] : told;
    return { ok: false, code: 'REQUEST_INVALID', problems };
  }
  const unsupported = unsupportedOptions(parsed.value);
  if (unsupported.length > 0) return { ok: false, code: 'OPTION_UNSUPPORTED', problems: unsupported };
  return { ok: true, request: parsed.value };
}

/** A pointer is into what the caller wrote. */
function asWritten({ pointer, message }: FieldProblem): FieldProblem {
  return { pointer: /^\/(?:latest|file)(?:\/|$)/.test(pointer) ? `/backupId${pointer}` : pointer, message };
}

export function isMigrationKind(kind: string): kind is MigrationKind {
  return Object.hasOwn(MIGRATION_REQUESTS, kind);
}

/** The request as plain JSON, as it is kept in `MigrationRequested`. */
export function requestJson(request: MigrationRequest): JsonObject {
  return instanceToPlain(request, { exposeUnsetFields: false }) as JsonObject;
}

/** Kinds of which nothing can be done on a copy: they remove, or only change a record. */
const WITHOUT_COPIES: readonly string[] = ['retire', 'promote-backup', 'clean-up-backups'];

/**
 * Known to the contract but not carried out for this kind: refused, because ignoring a promise is worse. `maxDowntimeMs` is
 * kept by every kind: what is no move takes no application down.
 */
function unsupportedOptions({ kind, options }: MigrationRequest): FieldProblem[] {
  if (!WITHOUT_COPIES.includes(kind) || options?.rehearse !== true) return [];
  const message = `nothing of ${kind} can be done on a copy, so it cannot be rehearsed; leave it out`;
  return [{ pointer: '/options/rehearse', message }];
}
