import type { Failure } from '../contracts/events.js';
import type { JsonObject } from '../contracts/json.js';
import { ERROR_CODES, type Disposition, type ErrorCode } from './error-codes.js';

export interface RehomeErrorOptions {
  readonly cause?: unknown;
  readonly sqlState?: string;
  /** Facts for programs; goes into events, so never a secret. */
  readonly facts?: JsonObject;
}

/** The one error of the house: a code from the registry, a detail that says what, where and what to do. */
export class RehomeError extends Error {
  override readonly name = 'RehomeError';
  readonly code: ErrorCode;
  readonly sqlState: string | undefined;
  readonly facts: JsonObject | undefined;

  constructor(code: ErrorCode, detail: string, options: RehomeErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.sqlState = options.sqlState;
    this.facts = options.facts;
  }

  get disposition(): Disposition {
    return ERROR_CODES[this.code].disposition;
  }

  /** Attempts at most; infinite when only the deadline counts. */
  get maxAttempts(): number {
    const entry = ERROR_CODES[this.code];
    return 'maxAttempts' in entry ? entry.maxAttempts : Infinity;
  }

  toFailure(): Failure {
    return {
      code: this.code,
      detail: this.message,
      ...(this.sqlState === undefined ? {} : { sqlState: this.sqlState }),
      ...(this.facts === undefined ? {} : { facts: this.facts }),
    };
  }
}

/** Any thrown value as an error of the house; what is not known becomes INTERNAL, its message kept as the detail. */
export function toRehomeError(error: unknown): RehomeError {
  if (error instanceof RehomeError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new RehomeError('INTERNAL', detail, { cause: error });
}
