import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { AppendAnswer } from '#shared/ledger/ledger-item.js';
import { RequestRefused } from '../http/request-refused.js';
import { migrationLinks, planLinks, type AcceptedMigration } from './accepted.js';
import { answeredBefore } from './first-answers.js';

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
  const first = answeredBefore(outcome);
  if (first !== undefined) return takenFirst(first);
  switch (outcome.outcome) {
    case 'appended':
      return { answer, repeated: false };
    case 'repeated':
    // The stream exists: the same message was taken before, when the registry perhaps said something else.
    case 'conflict':
      return { answer, repeated: true };
    case 'refused':
      if (outcome.effect === 'reserve') throw subjectBusy(outcome.detail);
      throw new RehomeError('INTERNAL', `the ledger refused ${outcome.effect}: ${outcome.reason}`);
  }
}

/** The answer that the ledger kept, but not the order of its fields: the same text goes out again. */
export function takenFirst(first: JsonValue): Taken {
  if (!isAnswer(first)) throw new RehomeError('INTERNAL', 'what the ledger kept is no answer to a request');
  const { migrationId, instanceId, status, message, links } = first;
  const order = Object.keys('cancel' in links ? migrationLinks(migrationId) : planLinks(migrationId));
  const byOrder = ([one]: [string, string], [other]: [string, string]): number =>
    order.indexOf(one) - order.indexOf(other);
  const answer = {
    migrationId,
    ...(instanceId === undefined ? {} : { instanceId }),
    status,
    message,
    links: Object.fromEntries(Object.entries(links).sort(byOrder)),
  };
  return { answer, repeated: true };
}

function isAnswer(value: unknown): value is AcceptedMigration {
  return typeof value === 'object' && value !== null && 'migrationId' in value && 'links' in value;
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
