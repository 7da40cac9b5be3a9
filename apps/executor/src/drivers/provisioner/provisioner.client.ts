import { IsInt, IsNotEmpty, IsString, Max, MaxLength, Min } from 'class-validator';
import { Transform } from 'class-transformer';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { StepRunKey } from '#shared/contracts/events.js';
import type { Redactor } from '../../secrets/redact.js';
import type { AllowedHosts } from '../http/allowed-hosts.js';
import { callHttp, type HttpOutcome } from '../http/bounded-http.js';
import { readAnswer } from '../http/read-answer.js';

const PROVISION_TIMEOUT_MS = 600_000;
const ANSWER_BYTES = 64 * 1024;

export interface ProvisionerPolicy {
  /** Base address without a trailing slash. */
  readonly url: string;
  readonly allowedHosts: AllowedHosts;
  readonly redactor: Redactor;
  /** 600 000 when silent. */
  readonly timeoutMs?: number;
  /** Whether the provisioner can take a server back; without it orphans are reported. */
  readonly canDeprovision: boolean;
}

/** A server that was made for one tenant. The password belongs in the vault before anything else happens. */
export interface DedicatedServer {
  readonly dbServerId: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

class ProvisionAnswer {
  // Numbers are as good an id as text.
  @Transform(({ value }: { value: unknown }) => (typeof value === 'number' ? String(value) : value))
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  db_server_id!: string;

  @IsString()
  @IsNotEmpty()
  @MaxLength(255)
  db_host!: string;

  @IsInt()
  @Min(1)
  @Max(65_535)
  db_port!: number;

  @IsString()
  @IsNotEmpty()
  @MaxLength(63)
  db_user!: string;

  @IsString()
  @IsNotEmpty()
  @MaxLength(1_000)
  db_password!: string;
}

/** `<migrationId>/<stepId>/<generation>`: attempts of one generation ask for the same server. */
export function idempotencyKeyOf({ migrationId, stepId, generation }: Omit<StepRunKey, 'direction'>): string {
  return `${migrationId}/${stepId}/${String(generation)}`;
}

/** Asks the provisioner for dedicated servers. Does not try again by itself: the runner does, with the same key. */
export class ProvisionerClient {
  constructor(private readonly policy: ProvisionerPolicy) {}

  get canDeprovision(): boolean {
    return this.policy.canDeprovision;
  }

  /** @throws RehomeError PROVISIONER_UNAVAILABLE, PROVISIONER_ANSWER_INVALID (both may be tried again), PROVISIONER_REFUSED. */
  async provision(instanceId: string, idempotencyKey: string, signal: AbortSignal): Promise<DedicatedServer> {
    const headers = { 'idempotency-key': idempotencyKey };
    const text = this.judge(
      'provision-dedicated',
      await this.post('provision-dedicated', { instance_id: instanceId }, signal, headers),
    );
    const reading = readAnswer(text, ProvisionAnswer);
    if (!reading.valid) throw this.nonsense(reading.problems);
    const {
      db_server_id: dbServerId,
      db_host: host,
      db_port: port,
      db_user: user,
      db_password: password,
    } = reading.answer;
    this.policy.redactor.add(password);
    return { dbServerId, host, port, user, password };
  }

  /** Gives a server back; one that is gone already is given back. `not-configured`: it stays, and is to be reported. */
  async deprovision(dbServerId: string, signal: AbortSignal): Promise<'deprovisioned' | 'not-configured'> {
    if (!this.policy.canDeprovision) return 'not-configured';
    const answer = await this.post('deprovision', { db_server_id: dbServerId }, signal);
    const gone = answer.outcome === 'answered' && (answer.status === 404 || answer.status === 410);
    if (!gone) this.judge('deprovision', answer);
    return 'deprovisioned';
  }

  private post(
    verb: string,
    body: object,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpOutcome> {
    return callHttp({
      method: 'POST',
      url: `${this.policy.url}/api/database/${verb}`,
      headers,
      body,
      timeoutMs: this.policy.timeoutMs ?? PROVISION_TIMEOUT_MS,
      maxAnswerBytes: ANSWER_BYTES,
      allowedHosts: this.policy.allowedHosts,
      signal,
    });
  }

  /** The text of an answer stays out of every message: it holds a password. */
  private judge(verb: string, answer: HttpOutcome): string {
    const at = `${verb} of the provisioner at ${this.policy.url}`;
    if (answer.outcome === 'unreachable') {
      throw new RehomeError('PROVISIONER_UNAVAILABLE', `${at} got no answer (${answer.reason}); is it running?`);
    }
    if (answer.outcome === 'too-large') throw this.nonsense('it is too large');
    const { status, text } = answer;
    if (status >= 200 && status < 300) return text;
    const facts = { verb, status };
    // 408, 425, 429: not now, rather than never.
    if (status >= 500 || status === 408 || status === 425 || status === 429) {
      throw new RehomeError('PROVISIONER_UNAVAILABLE', `${at} was answered ${String(status)}; see its log`, { facts });
    }
    const why = status < 400 ? 'a redirect, which is not followed; configure the final address' : 'see its log';
    throw new RehomeError('PROVISIONER_REFUSED', `${at} was answered ${String(status)}: ${why}`, { facts });
  }

  private nonsense(problems: string): RehomeError {
    return new RehomeError(
      'PROVISIONER_ANSWER_INVALID',
      `the provisioner at ${this.policy.url} has an answer that cannot be used: ${problems}; is this its address?`,
    );
  }
}
