import pRetry from 'p-retry';
import { PlannerError, problemError } from './planner-error.js';

/** Where the planner is and who asks. */
export interface PlannerConnection {
  readonly url: string;
  readonly apiKey?: string;
  /** Of one try; 30 000 when absent. Streams have none. */
  readonly timeoutMs?: number;
  /** Further tries of calls that may be repeated; 4 when absent. */
  readonly retries?: number;
  /** In place of the built-in one. */
  readonly fetch?: typeof fetch;
  /** Ends every call. */
  readonly signal?: AbortSignal;
}

/** For who waits for something long: tries go on while the planner is away, however many they are. */
export interface Patience {
  readonly ms: number;
  /** Told of every try that failed. */
  readonly onAway?: (error: Error) => void;
}

/** A planner that restarts is back by then. */
export const RESTART_MS = 60_000;

export interface HttpCall {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** In place of `body`: sent as they are. */
  readonly bytes?: { readonly content: Uint8Array; readonly mediaType: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly accept?: string;
  /** Asking twice does no more than asking once; GET and PUT when absent. */
  readonly repeatable?: boolean;
  /** In place of the connection's number of tries. */
  readonly patience?: Patience;
  /** In place of the connection's. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;
const RETRIES = 4;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** Calls of the planner over HTTP; what may be repeated is tried again when the planner is away for a moment. */
export class HttpCalls {
  private readonly base: URL;

  /** @throws PlannerError ANSWER_UNREADABLE when the address is no URL. */
  constructor(private readonly connection: PlannerConnection) {
    this.base = baseOf(connection.url);
  }

  /** @throws PlannerError */
  async json<T>(call: HttpCall): Promise<T> {
    const { status, text } = await this.text({ accept: 'application/json', ...call });
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw unreadable(this.address(call), status, error);
    }
  }

  /** @throws PlannerError */
  text(call: HttpCall): Promise<{ readonly status: number; readonly text: string }> {
    return this.again(call, async () => {
      const signal = this.limit(call);
      const answer = await this.fetch(call, signal);
      try {
        return { status: answer.status, text: await answer.text() };
      } catch (error) {
        throw this.away(call, error);
      }
    });
  }

  /** An answer whose body is read as it comes. @throws PlannerError */
  stream(call: HttpCall): Promise<Response> {
    return this.again(call, () => this.fetch(call, this.endOf(call)));
  }

  private async again<T>(call: HttpCall, once: () => Promise<T>): Promise<T> {
    const repeatable = call.repeatable ?? (call.method === 'GET' || call.method === 'PUT');
    if (!repeatable) return once();
    const { patience } = call;
    const signal = this.endOf(call);
    return pRetry(once, {
      retries: patience === undefined ? (this.connection.retries ?? RETRIES) : Number.POSITIVE_INFINITY,
      maxRetryTime: patience?.ms ?? Number.POSITIVE_INFINITY,
      minTimeout: FIRST_PAUSE_MS,
      maxTimeout: LONGEST_PAUSE_MS,
      randomize: true,
      shouldRetry: ({ error }) => {
        const isAway = error instanceof PlannerError && error.isTransient;
        if (isAway) patience?.onAway?.(error);
        return isAway;
      },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  private async fetch(call: HttpCall, signal: AbortSignal | undefined): Promise<Response> {
    const { apiKey, fetch: ask = fetch } = this.connection;
    const init: RequestInit = {
      method: call.method,
      headers: {
        ...(call.accept === undefined ? {} : { accept: call.accept }),
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        ...contentType(call),
        ...call.headers,
      },
      ...bodyOf(call),
      ...(signal === undefined ? {} : { signal }),
      redirect: 'error',
    };
    const answer = await ask(this.address(call), init).catch((error: unknown) => {
      throw this.away(call, error);
    });
    if (answer.ok) return answer;
    const text = await answer.text().catch(() => '');
    throw problemError(answer.status, text, this.base.origin);
  }

  private limit(call: HttpCall): AbortSignal {
    const limit = AbortSignal.timeout(call.timeoutMs ?? this.connection.timeoutMs ?? TIMEOUT_MS);
    const end = this.endOf(call);
    return end === undefined ? limit : AbortSignal.any([end, limit]);
  }

  /** What ends the call however often it is tried. */
  private endOf({ signal }: HttpCall): AbortSignal | undefined {
    const { signal: ours } = this.connection;
    return signal === undefined || ours === undefined ? (signal ?? ours) : AbortSignal.any([signal, ours]);
  }

  private address({ path, query = {} }: HttpCall): URL {
    const url = new URL(this.base.pathname.replace(/\/$/, '') + path, this.base);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url;
  }

  /** An abort by the caller stays what it is. */
  private away(call: HttpCall, error: unknown): unknown {
    const end = this.endOf(call);
    if (end?.aborted === true) return end.reason;
    return new PlannerError({
      code: 'UNREACHABLE',
      status: 0,
      detail: `the planner at ${this.base.origin} does not answer: ${reasonOf(error)}`,
      cause: error,
    });
  }
}

function contentType({ body, bytes }: HttpCall): Record<string, string> {
  if (bytes !== undefined) return { 'content-type': bytes.mediaType };
  return body === undefined ? {} : { 'content-type': 'application/json' };
}

function bodyOf({ body, bytes }: HttpCall): Pick<RequestInit, 'body'> {
  if (bytes !== undefined) return { body: new Uint8Array(bytes.content) };
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base?.protocol === 'http:' || base?.protocol === 'https:') return base;
  throw new PlannerError({
    code: 'ANSWER_UNREADABLE',
    status: 0,
    detail: `${JSON.stringify(url)} is no address of a planner; give one such as http://127.0.0.1:4400`,
  });
}

/** `fetch failed` alone helps nobody: the reason is the cause of the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  if (error.cause instanceof AggregateError) return reasonOf(error.cause.errors[0]);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

function unreadable(at: URL, status: number, cause: unknown): PlannerError {
  return new PlannerError({
    code: 'ANSWER_UNREADABLE',
    status,
    detail: `${at.origin}${at.pathname} answered ${String(status)} with something that is not JSON; is this the planner's address?`,
    cause,
  });
}
