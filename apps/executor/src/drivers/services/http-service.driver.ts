import pRetry from 'p-retry';
import { IsBoolean, IsInt, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ServiceResources } from '#shared/contracts/steps/service-steps.js';
import { callHttp, type HttpCall, type HttpOutcome } from '../http/bounded-http.js';
import type { AllowedHosts } from '../http/allowed-hosts.js';
import { readAnswer } from '../http/read-answer.js';
import type { ServiceDriver, ServiceState } from './service-driver.js';

const ANSWER_BYTES = 64 * 1024;
const LOG_BYTES = 512 * 1024;

export interface HttpServicePolicy {
  readonly allowedHosts: AllowedHosts;
  /** Of one call; 10 000 when silent. */
  readonly timeoutMs?: number;
  /** Tries of one call, the first included; 3 when silent. */
  readonly attempts?: number;
}

class StatusAnswer {
  @IsString()
  @IsNotEmpty()
  @MaxLength(100)
  state!: string;

  @IsOptional()
  @IsBoolean()
  healthy?: boolean;

  @IsOptional()
  @IsInt()
  restarts?: number;

  @IsOptional()
  @IsInt()
  exitCode?: number;
}

type Verb = 'stop' | 'start' | 'status' | 'environment' | 'resources' | 'logs';

/** Talks to a controller that speaks the HTTP contract of services (docs/reference, "HTTP call-outs"). */
export class HttpServiceDriver implements ServiceDriver {
  constructor(
    /** Base address without a trailing slash, templates filled. */
    private readonly url: string,
    private readonly policy: HttpServicePolicy,
  ) {}

  async stop(signal: AbortSignal): Promise<void> {
    await this.call('stop', { method: 'POST' }, signal);
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.call('start', { method: 'POST' }, signal);
  }

  async status(signal: AbortSignal): Promise<ServiceState> {
    const text = await this.call('status', { method: 'GET' }, signal);
    const reading = readAnswer(text, StatusAnswer);
    if (!reading.valid) throw this.nonsense('status', reading.problems);
    const { state, healthy, restarts, exitCode } = reading.answer;
    return {
      state,
      ...(healthy === undefined ? {} : { healthy }),
      ...(restarts === undefined ? {} : { restarts }),
      ...(exitCode === undefined ? {} : { exitCode }),
    };
  }

  async setEnvironment(variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    await this.call('environment', { method: 'PUT', body: variables }, signal);
  }

  async resize(resources: ServiceResources, signal: AbortSignal): Promise<void> {
    await this.call('resources', { method: 'PUT', body: resources }, signal);
  }

  async logs(since: Date, signal: AbortSignal): Promise<string> {
    return this.call('logs', { method: 'GET', query: `?since=${encodeURIComponent(since.toISOString())}` }, signal);
  }

  /** Every verb may be asked twice, so each is tried again while nobody answers, within the bound. */
  private async call(
    verb: Verb,
    { query = '', ...rest }: Pick<HttpCall, 'method' | 'body'> & { readonly query?: string },
    signal: AbortSignal,
  ): Promise<string> {
    const call: HttpCall = {
      ...rest,
      url: `${this.url}/${verb}${query}`,
      timeoutMs: this.policy.timeoutMs ?? 10_000,
      maxAnswerBytes: verb === 'logs' ? LOG_BYTES : ANSWER_BYTES,
      allowedHosts: this.policy.allowedHosts,
      signal,
    };
    return pRetry(async () => this.judge(verb, await callHttp(call)), {
      retries: (this.policy.attempts ?? 3) - 1,
      minTimeout: 100,
      maxTimeout: 1_000,
      signal,
      shouldRetry: ({ error }) => error instanceof RehomeError && error.code === 'SERVICE_UNREACHABLE',
    });
  }

  /** The answer's text stays out of every message: a controller may repeat what it was sent. */
  private judge(verb: Verb, answer: HttpOutcome): string {
    const at = `${verb} of the service at ${this.url}`;
    if (answer.outcome === 'unreachable') {
      throw new RehomeError(
        'SERVICE_UNREACHABLE',
        `${at} got no answer (${answer.reason}); is its controller running?`,
      );
    }
    if (answer.outcome === 'too-large') throw this.nonsense(verb, 'it is too large');
    const { status, text } = answer;
    if (status >= 200 && status < 300) return text;
    const facts = { url: this.url, verb, status };
    if (status >= 500) {
      throw new RehomeError('SERVICE_UNREACHABLE', `${at} was answered ${String(status)}; see the controller's log`, {
        facts,
      });
    }
    const why =
      status < 400 ? 'a redirect, which is not followed; register the final address' : "see the controller's log";
    throw new RehomeError('SERVICE_REFUSED', `${at} was answered ${String(status)}: ${why}`, { facts });
  }

  private nonsense(verb: Verb, problems: string): RehomeError {
    return new RehomeError(
      'SERVICE_ANSWER_INVALID',
      `${verb} of the service at ${this.url} has an answer that cannot be used: ${problems}; is this the address of its controller?`,
    );
  }
}
