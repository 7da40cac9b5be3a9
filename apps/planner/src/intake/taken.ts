import type { JsonObject } from '#shared/contracts/json.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerEffect } from '#shared/ledger/ledger-effect.js';
import type { AppendAnswer } from '#shared/ledger/ledger-item.js';
import { RequestRefused } from '../http/request-refused.js';
import type { AcceptedMigration } from './accepted.js';

export interface Taken {
  readonly answer: AcceptedMigration;
  /** The same request was taken before; nothing happened now. */
  readonly repeated: boolean;
}

/**
 * What the ledger's answer means for the request.
 *
 * @throws RequestRefused IDEMPOTENCY_KEY_REUSED or SUBJECT_BUSY.
 */
export function takenOf(outcome: AppendAnswer, answer: AcceptedMigration): Taken {
  switch (outcome.outcome) {
    case 'appended':
      return { answer, repeated: false };
    case 'repeated':
    // The stream exists: the same message was taken before, when the registry perhaps said something else.
    case 'conflict':
      return { answer, repeated: true };
    case 'refused':
      return refused(outcome.effect, outcome.reason, outcome.detail, answer);
  }
}

function refused(effect: LedgerEffect['effect'], reason: string, detail: JsonObject, answer: AcceptedMigration): Taken {
  if (effect === 'idempotency' && reason === 'same-body') {
    const first = detail['answer'];
    return { answer: isAnswer(first) ? inOrderOf(answer, first) : answer, repeated: true };
  }
  if (effect === 'idempotency')
    throw new RequestRefused(
      'IDEMPOTENCY_KEY_REUSED',
      'the Idempotency-Key was used for another request; take a new key for a new request',
      {
        errors: [{ pointer: '/header/Idempotency-Key', message: 'was used with another body' }],
      },
    );
  if (effect === 'reserve') throw subjectBusy(detail);
  throw new RehomeError('INTERNAL', `the ledger refused ${effect}: ${reason}`);
}

function isAnswer(value: unknown): value is AcceptedMigration {
  return typeof value === 'object' && value !== null && 'migrationId' in value && 'links' in value;
}

/** The ledger keeps the first answer but not the order of its fields: the same text goes out again. */
function inOrderOf(model: AcceptedMigration, first: AcceptedMigration): AcceptedMigration {
  const { migrationId, instanceId, status, message, links } = first;
  const order = Object.keys(model.links);
  const byOrder = ([one]: [string, string], [other]: [string, string]): number =>
    order.indexOf(one) - order.indexOf(other);
  return {
    migrationId,
    ...(instanceId === undefined ? {} : { instanceId }),
    status,
    message,
    links: Object.fromEntries(Object.entries(links).sort(byOrder)),
  };
}

/** Names the migration that holds the subject, and where to look at it. */
function subjectBusy(detail: JsonObject): RequestRefused {
  const subject = textOf(detail['subject']);
  const holder = textOf(detail['holder']);
  return new RequestRefused(
    'SUBJECT_BUSY',
    `migration ${holder} holds ${subject}; wait until it has ended or cancel it`,
    {
      links: { holder: `/v1/migrations/${holder}` },
    },
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown';
}
