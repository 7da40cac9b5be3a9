import { v7 as uuidV7 } from 'uuid';
import type { NewEventOf } from '#shared/contracts/events.js';
import { toMigrationId, type MigrationId } from '#shared/contracts/ids.js';
import {
  requestJson,
  parseMigrationRequest,
  type MigrationRequest,
} from '#shared/contracts/requests/migration.request.js';
import type { PolicyDefinition } from '#shared/contracts/registry.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { migrationStream } from '#shared/contracts/streams.js';
import { uuidV5 } from '#shared/contracts/uuid.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { LedgerEffect } from '#shared/ledger/ledger-effect.js';
import type { AppendAnswer } from '#shared/ledger/ledger-item.js';
import type { LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import type { Metrics } from '#shared/observability/metrics.js';
import { traceparentOfId } from '#shared/observability/trace-context.js';
import { activeTraceparent } from '#shared/observability/tracing.js';
import { invalidRequest } from '../http/request-refused.js';
import { migrationLinks, planLinks, type AcceptedMigration } from './accepted.js';
import { keepAnswer, type FirstAnswers } from './first-answers.js';
import { keyed, type IdempotencyKey, type KeyedRequest } from './idempotency-key.js';
import type { Lookups, Prepared } from './prepare/prepared.js';
import { prepareRequest } from './prepare/prepare-registry.js';
import { policiesOf } from './registry-refresh.js';
import { takenFirst, takenOf, type Taken } from './taken.js';

/** A request however it came in. */
export interface Arrival {
  readonly body: unknown;
  readonly via: 'rest' | 'kafka';
  /** Inspected, compiled and described; nothing is changed, nothing is held. */
  readonly dryRun: boolean;
  /** `key:<name>` or `source:<ce_source>`. */
  readonly actor: string;
  /** Of the request that is taken; a new one when absent. */
  readonly migrationId?: MigrationId;
  /** The publisher's `ce_id`; the migration's id when absent. */
  readonly correlationId?: string;
  readonly traceparent?: string;
  readonly idempotency?: IdempotencyKey;
}

export interface IntakeParts {
  readonly writer: LedgerWriter;
  readonly reader: LedgerReader;
  readonly answers: FirstAnswers;
  /** What a request may look up, as it stands now. */
  readonly lookups: () => Promise<Lookups>;
  readonly metrics: Metrics;
}

/** Turns a request into `MigrationRequested`, exactly once, and holds its subject. */
export class MigrationIntake {
  constructor(private readonly parts: IntakeParts) {}

  /**
   * @throws RequestRefused with every reason, for requests that are invalid, name unknown things or meet a busy subject.
   * @throws RehomeError LEDGER_UNAVAILABLE
   */
  async take(arrival: Arrival): Promise<Taken> {
    const parsed = parseMigrationRequest(arrival.body);
    const { via } = arrival;
    if (!parsed.ok) {
      this.parts.metrics.count('rehome_requests_total', { kind: 'unknown', via, outcome: parsed.code });
      throw invalidRequest(parsed.problems, parsed.code);
    }
    const { kind } = parsed.request;
    try {
      const before = await this.takenBefore(arrival, parsed.request);
      if (before !== undefined) return before;
      const taken = await this.append(arrival, parsed.request);
      this.parts.metrics.count('rehome_requests_total', {
        kind,
        via,
        outcome: taken.repeated ? 'repeated' : 'accepted',
      });
      return taken;
    } catch (error) {
      if (error instanceof RehomeError)
        this.parts.metrics.count('rehome_requests_total', { kind, via, outcome: error.code });
      throw error;
    }
  }

  /** A request that comes again is answered from the ledger: the registry may say something else by now. */
  private async takenBefore(arrival: Arrival, request: MigrationRequest): Promise<Taken | undefined> {
    const { migrationId, via } = arrival;
    const asked = keyedOf(arrival, request);
    const answered = asked === undefined ? undefined : await this.parts.answers.find(asked);
    if (answered !== undefined) {
      this.parts.metrics.count('rehome_requests_total', { kind: request.kind, via, outcome: 'repeated' });
      return takenFirst(answered);
    }
    if (migrationId === undefined) return undefined;
    const [first] = await this.parts.reader.readStream(migrationStream(migrationId));
    if (first?.type !== 'MigrationRequested') return undefined;
    const { kind, answerStatus: status, title: message } = first.data;
    this.parts.metrics.count('rehome_requests_total', { kind, via, outcome: 'repeated' });
    return { answer: { migrationId, status, message, links: migrationLinks(migrationId) }, repeated: true };
  }

  private async append(arrival: Arrival, request: MigrationRequest): Promise<Taken> {
    const lookups = await this.parts.lookups();
    const prepared = await prepareRequest(request, lookups);
    const migrationId = arrival.migrationId ?? toMigrationId(uuidV7());
    const answer = answerOf(migrationId, rehearses(request) ? rehearsed(prepared) : prepared, arrival.dryRun);
    const policies = policiesOf(lookups);
    const event = requestedEvent({ arrival, request, prepared, policies, migrationId });
    // Before the reservation, so that the same request again meets its own answer and not its own reservation.
    const effects = keepAnswer(keyedOf(arrival, request), asJsonObject(answer));
    const appends = [{ stream: migrationStream(migrationId), expected: 0, events: [event] }];
    // What is planned for later takes its subject when its time has come, and stands in nobody's way until then.
    if (arrival.dryRun || prepared.reads === true || isForLater(request))
      return takenOf(await this.parts.writer.append({ appends, effects }), answer);
    const reserve: LedgerEffect = { effect: 'reserve', migrationId, subjects: [prepared.subject] };
    const outcome = await this.parts.writer.append({ appends, effects: [...effects, reserve] });
    // Taken without its subject: its plan takes it when the holder lets go.
    if (isBusy(outcome) && queues(request, arrival))
      return takenOf(await this.parts.writer.append({ appends, effects }), answer);
    return takenOf(outcome, answer);
  }
}

interface Intake {
  readonly arrival: Arrival;
  readonly request: MigrationRequest;
  readonly prepared: Prepared;
  readonly policies: readonly PolicyDefinition[];
  readonly migrationId: MigrationId;
}

function requestedEvent({
  arrival,
  request,
  prepared,
  policies,
  migrationId,
}: Intake): NewEventOf<'MigrationRequested'> {
  const correlationId = arrival.correlationId ?? migrationId;
  return {
    eventId: uuidV5(migrationId, 'requested'),
    type: 'MigrationRequested',
    schemaVersion: 1,
    data: {
      migrationId,
      kind: request.kind,
      subject: prepared.subject,
      request: requestJson(request),
      dryRun: arrival.dryRun,
      requestedBy: arrival.actor,
      title: rehearses(request) ? `rehearsal: ${prepared.title}` : prepared.title,
      answerStatus: rehearses(request) ? 'requested' : prepared.status,
      registry: asJsonObject(prepared.registry),
      ...(policies.length === 0 ? {} : { policies }),
    },
    metadata: {
      correlationId,
      causationId: correlationId,
      actor: arrival.actor,
      // The span of the call or message, whose parent the caller's is; the caller's own while nothing is traced.
      traceparent: activeTraceparent() ?? arrival.traceparent ?? traceparentOfId(migrationId),
    },
  };
}

function keyedOf({ idempotency, dryRun }: Arrival, request: MigrationRequest): KeyedRequest | undefined {
  return idempotency === undefined ? undefined : keyed(idempotency, { request: requestJson(request), dryRun });
}

function rehearsed(prepared: Prepared): Prepared {
  return { ...prepared, status: 'requested', message: `rehearsal, services stay as they are: ${prepared.message}` };
}

function rehearses({ options }: MigrationRequest): boolean {
  return options?.rehearse === true;
}

function isForLater({ options }: MigrationRequest): boolean {
  return options?.runAt !== undefined && Date.parse(options.runAt) > Date.now();
}

function queues({ options }: MigrationRequest, { via }: Arrival): boolean {
  return (options?.onBusy ?? (via === 'kafka' ? 'queue' : 'refuse')) === 'queue';
}

function isBusy(outcome: AppendAnswer): boolean {
  return outcome.outcome === 'refused' && outcome.effect === 'reserve';
}

function answerOf(migrationId: MigrationId, prepared: Prepared, dryRun: boolean): AcceptedMigration {
  const { instanceId, status, message } = prepared;
  return {
    migrationId,
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(dryRun
      ? { status: 'requested', message: `dry run, nothing is changed: ${message}`, links: planLinks(migrationId) }
      : { status, message, links: migrationLinks(migrationId) }),
  };
}
