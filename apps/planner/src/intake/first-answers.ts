import type pg from 'pg';
import type { JsonObject, JsonValue } from '#shared/contracts/json.js';
import type { LedgerEffect } from '#shared/ledger/ledger-effect.js';
import type { AppendAnswer } from '#shared/ledger/ledger-item.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import { RequestRefused } from '../http/request-refused.js';
import type { KeyedRequest } from './idempotency-key.js';

/** What was answered to requests with an Idempotency-Key. */
export class FirstAnswers {
  constructor(private readonly reads: pg.Pool) {}

  /**
   * The answer that the key got when it came first, however the world has changed since; undefined when it is new. The
   * effect decides when two come at once.
   *
   * @throws RequestRefused IDEMPOTENCY_KEY_REUSED
   * @throws RehomeError LEDGER_UNAVAILABLE
   */
  async find({ scope, key, bodyHash }: KeyedRequest): Promise<JsonValue | undefined> {
    const first = await this.row(scope, key);
    if (first !== undefined && first.bodyHash !== bodyHash) throw keyReused();
    return first?.answer;
  }

  private async row(scope: string, key: string): Promise<FirstAnswer | undefined> {
    try {
      const { rows } = await this.reads.query<FirstAnswer>(
        `
        select body_hash as "bodyHash", answer
        from planner.idempotency
        where scope = $1 and key = $2
        `,
        [scope, key],
      );
      return rows[0];
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}

interface FirstAnswer {
  readonly bodyHash: string;
  readonly answer: JsonValue;
}

/** Keeps the answer in the same transaction as what it answers. */
export function keepAnswer(request: KeyedRequest | undefined, answer: JsonObject): LedgerEffect[] {
  return request === undefined ? [] : [{ effect: 'idempotency', ...request, answer }];
}

/** The first answer, when the same request came between the look and the append. @throws RequestRefused IDEMPOTENCY_KEY_REUSED */
export function answeredBefore(outcome: AppendAnswer): JsonValue | undefined {
  if (outcome.outcome !== 'refused' || outcome.effect !== 'idempotency') return undefined;
  if (outcome.reason === 'same-body') return outcome.detail['answer'];
  throw keyReused();
}

function keyReused(): RequestRefused {
  return new RequestRefused(
    'IDEMPOTENCY_KEY_REUSED',
    'the Idempotency-Key was used for another request; take a new key for a new request',
    { errors: [{ pointer: '/header/Idempotency-Key', message: 'was used with another body' }] },
  );
}
