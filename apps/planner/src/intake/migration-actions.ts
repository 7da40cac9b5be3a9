import { randomUUID } from 'node:crypto';
import type { EventTypes, NewEvent } from '#shared/contracts/events.js';
import type { MigrationId } from '#shared/contracts/ids.js';
import type { JsonValue } from '#shared/contracts/json.js';
import { isObject } from '#shared/contracts/requests/parse.js';
import { migrationStream } from '#shared/contracts/streams.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { traceparentField } from '#shared/observability/trace-context.js';
import { evolve } from '../migration/evolve.js';
import type { KnownState } from '../migration/migration-state.js';
import {
  mayApprove,
  mayCancel,
  mayPause,
  mayResolve,
  mayResume,
  mayRetry,
  mayRollBack,
  type Permission,
  type RunPermission,
} from '../migration/permissions.js';
import { answeredBefore, keepAnswer, type FirstAnswers } from './first-answers.js';
import { keyed, type IdempotencyKey } from './idempotency-key.js';
import type { Migrations } from './migrations.js';

/** What a person may ask of a migration. */
export type Action =
  | { readonly action: 'cancel' | 'rollback' | 'pause'; readonly reason: string }
  | { readonly action: 'resume' | 'retry'; readonly reason?: string }
  | { readonly action: 'approve'; readonly planHash: string; readonly reason?: string }
  | {
      readonly action: 'resolve';
      readonly stepId: string;
      readonly outcome: 'done' | 'not-done' | 'failed';
      readonly note: string;
    };

type Wish = { [N in keyof EventTypes]: { readonly type: N; readonly data: EventTypes[N] } }[
  | 'MigrationCancelRequested'
  | 'RollbackRequested'
  | 'MigrationPaused'
  | 'MigrationResumed'
  | 'PlanApproved'
  | 'StepRetryRequested'
  | 'StepResolved'];

/** Who wishes, and under which key. */
export interface Asking {
  readonly actor: string;
  readonly idempotency?: IdempotencyKey | undefined;
}

export interface Asked {
  /** As it stood when the wish was taken. */
  readonly status: string;
  /** It was taken before; nothing happened now. */
  readonly repeated: boolean;
}

const UNHASHED = { dataText: '', metadataText: '', prevHash: '', hash: '' } as const;

/** The process manager writes to the same stream: after this many changes in a row somebody is stuck. */
const MAX_CONFLICTS = 20;

/** Writes people's wishes into the ledger when the state allows them; the process manager acts on them. */
export class MigrationActions {
  constructor(
    private readonly migrations: Migrations,
    private readonly writer: LedgerWriter,
    private readonly answers: FirstAnswers,
  ) {}

  /**
   * The same wish with the same key is the same wish, also when the state would not allow it any more.
   *
   * @throws RequestRefused IDEMPOTENCY_KEY_REUSED
   * @throws RehomeError NOT_FOUND, or STATE_CONFLICT or POINT_OF_NO_RETURN_PASSED saying why not.
   */
  async ask(migrationId: MigrationId, action: Action, { actor, idempotency }: Asking): Promise<Asked> {
    const asked = idempotency && keyed(idempotency, { migrationId, ...action });
    const first = asked && (await this.answers.find(asked));
    if (first !== undefined) return repeated(first);
    const eventId = randomUUID();
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const state = await this.migrations.get(migrationId);
      const wish = wishOf(state, action, actor);
      const { correlationId, traceparent } = state.request;
      // Every event of a migration stays in the trace of who asked for it.
      const metadata = { correlationId, causationId: eventId, actor, ...traceparentField(traceparent) };
      const event: NewEvent = { eventId, schemaVersion: 1, metadata, ...wish };
      const status = statusAfter(state, event);
      const outcome = await this.writer.append({
        appends: [{ stream: migrationStream(migrationId), expected: state.version, events: [event] }],
        effects: keepAnswer(asked, { migrationId, status }),
      });
      const before = answeredBefore(outcome);
      if (before !== undefined) return repeated(before);
      if (outcome.outcome !== 'conflict') return { status, repeated: false };
    }
    throw new RehomeError('LEDGER_CONFLICT', `migration ${migrationId} changed all the time; try again`);
  }
}

/** What the event will make of the state, wherever in the ledger it comes to stand. */
function statusAfter(state: KnownState, event: NewEvent): string {
  const { version, position, lastAt: recordedAt } = state;
  const stream = `migration-${state.request.migrationId}`;
  return evolve(state, { ...event, stream, streamVersion: version + 1, position, recordedAt, ...UNHASHED }).status;
}

function repeated(first: JsonValue): Asked {
  const status = isObject(first) ? first['status'] : undefined;
  if (typeof status !== 'string') throw new RehomeError('INTERNAL', 'what the ledger kept is no answer to a wish');
  return { status, repeated: true };
}

function wishOf(state: KnownState, action: Action, actor: string): Wish {
  const { migrationId } = state.request;
  switch (action.action) {
    case 'cancel':
      demand(mayCancel(state));
      return { type: 'MigrationCancelRequested', data: { migrationId, requestedBy: actor, reason: action.reason } };
    case 'rollback':
      demand(mayRollBack(state));
      return { type: 'RollbackRequested', data: { migrationId, requestedBy: actor, reason: action.reason } };
    case 'pause':
      demand(mayPause(state));
      return { type: 'MigrationPaused', data: { migrationId, requestedBy: actor, reason: action.reason } };
    case 'resume':
      demand(mayResume(state));
      return { type: 'MigrationResumed', data: { migrationId, requestedBy: actor, ...why(action) } };
    case 'approve':
      return approval(state, action, actor);
    case 'retry':
      return {
        type: 'StepRetryRequested',
        data: { ...demandRun(mayRetry(state)), requestedBy: actor, ...why(action) },
      };
    case 'resolve':
      return {
        type: 'StepResolved',
        data: {
          ...demandRun(mayResolve(state, action.stepId)),
          outcome: action.outcome,
          note: action.note,
          resolvedBy: actor,
        },
      };
  }
}

/** People copy the hash with or without its `sha256:`. */
function approval(state: KnownState, action: Extract<Action, { action: 'approve' }>, actor: string): Wish {
  const { planHash: given } = action;
  const own = state.planned?.planHash;
  const planHash = own !== undefined && bare(own) === bare(given) ? own : given;
  demand(mayApprove(state, { planHash, approvedBy: actor }));
  const { migrationId, requestedBy } = state.request;
  const fourEyes = state.planned?.approval?.fourEyes === true;
  const data = { migrationId, planHash, approvedBy: actor, requestedBy, fourEyes, ...why(action) };
  return { type: 'PlanApproved', data };
}

function why({ reason }: { readonly reason?: string }): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}

function bare(hash: string): string {
  return hash.replace(/^sha256:/, '');
}

function demand(permission: Permission): void {
  if (!permission.allowed) throw new RehomeError(permission.refusal.code, permission.refusal.detail);
}

function demandRun(permission: RunPermission): Extract<RunPermission, { allowed: true }>['key'] {
  if (permission.allowed) return permission.key;
  throw new RehomeError(permission.refusal.code, permission.refusal.detail);
}
