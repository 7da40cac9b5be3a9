import { randomUUID } from 'node:crypto';
import type {
  AcceptedAnswer,
  ActionAnswer,
  AuditAnswer,
  EventAnswer,
  MigrationSummaryAnswer,
  MigrationView,
  Page,
  PlanAnswer,
} from '#shared/contracts/answers.js';
import type { ProjectHealth, ProjectStatus } from '#shared/contracts/projects.js';
import type { ProjectAnswer, ProjectHistoryEntry, ProjectSummaryAnswer } from '#shared/contracts/project-answers.js';
import type { MigrationRequest, RequestOf } from '#shared/contracts/requests/migration.request.js';
import type { ApproveRequest, ResolveRequest } from '#shared/contracts/requests/action.request.js';
import type { Verification } from '#shared/ledger/verify.js';
import { HttpCalls, RESTART_MS, type HttpCall, type Patience, type PlannerConnection } from './http-calls.js';
import { followEvents, type FollowOptions } from './live-events.js';
import { PlannerError } from './planner-error.js';
import { textLines } from './text-lines.js';

/** A request as this version of the client knows it, or one that only the planner knows. */
export type AnyRequest = MigrationRequest | Readonly<Record<string, unknown>>;

export interface ListFilter {
  readonly kind?: string;
  readonly status?: string;
  readonly subject?: string;
  readonly dryRun?: boolean;
  readonly after?: string;
  readonly limit?: number;
}

export interface AuditFilter {
  /** Positions, inclusive. */
  readonly from?: string;
  readonly to?: string;
  /** A stream, or all that begin so with `*` at the end. */
  readonly stream?: string;
  /** Event names, separated by commas. */
  readonly type?: string;
  /** Times, RFC 3339. */
  readonly since?: string;
  readonly until?: string;
}

export interface AskOptions {
  /** The same key and body get the first answer again; a new key when absent. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

export interface PlanOptions {
  /** Told the id of a dry run that takes long. */
  readonly onPending?: (planId: string) => void;
}

/** What a migration can be asked by people; see `POST /v1/migrations/{id}/…`. */
export interface ActionBodies {
  readonly approve: ApproveRequest;
  readonly cancel: { readonly reason?: string };
  readonly rollback: { readonly reason?: string };
  readonly pause: { readonly reason?: string };
  readonly resume: Readonly<Record<string, never>>;
  readonly retry: Readonly<Record<string, never>>;
  readonly resolve: ResolveRequest;
}
export type ActionName = keyof ActionBodies;

/** `wait` of the planner, in seconds, and what the network may take on top of it. */
const LONGEST_WAIT_S = 30;
const WAIT_MARGIN_MS = 15_000;

/** The planner's REST interface, typed. Every method throws `PlannerError`. */
export class RehomeClient {
  readonly calls: HttpCalls;

  constructor(connection: PlannerConnection) {
    this.calls = new HttpCalls(connection);
  }

  /** Asks for a migration, exactly once however often the network fails. */
  submit(request: AnyRequest, { idempotencyKey = randomUUID(), signal }: AskOptions = {}): Promise<AcceptedAnswer> {
    return this.calls.json(
      ask('/v1/migrations', request, { idempotencyKey, ...(signal === undefined ? {} : { signal }) }),
    );
  }

  /** A dry run: inspected and compiled, nothing changed. Waits until it is decided. */
  async plan(
    request: AnyRequest,
    { idempotencyKey = randomUUID(), signal, onPending }: AskOptions & PlanOptions = {},
  ): Promise<PlanAnswer> {
    const call = ask('/v1/plans', request, { idempotencyKey, ...(signal === undefined ? {} : { signal }) });
    const first = await this.calls.json<PlanAnswer>({ ...call, timeoutMs: 60_000 });
    if (isDecided(first)) return first;
    onPending?.(first.planId);
    await this.untilAtRest(first.planId, signal);
    return this.planOf(first.planId);
  }

  planOf(planId: string): Promise<PlanAnswer> {
    return this.calls.json({ method: 'GET', path: `/v1/plans/${encodeURIComponent(planId)}` });
  }

  list(filter: ListFilter = {}): Promise<Page<MigrationSummaryAnswer>> {
    return this.calls.json({ method: 'GET', path: '/v1/migrations', query: { ...filter } });
  }

  /** @param options `waitS`: answers at the next change of status, or after so many seconds. */
  migration(
    migrationId: string,
    options: { readonly waitS?: number; readonly signal?: AbortSignal; readonly patience?: Patience } = {},
  ): Promise<MigrationView> {
    const { waitS, signal, patience } = options;
    return this.calls.json({
      method: 'GET',
      path: migrationPath(migrationId),
      ...(waitS === undefined ? {} : { query: { wait: waitS }, timeoutMs: waitS * 1000 + WAIT_MARGIN_MS }),
      ...(signal === undefined ? {} : { signal }),
      ...(patience === undefined ? {} : { patience }),
    });
  }

  /** The migration once nothing more happens by itself, or it waits for an approval; a restart of the planner is waited for. */
  async untilAtRest(migrationId: string, signal?: AbortSignal): Promise<MigrationView> {
    // The planner may restart while it waits for us.
    const wait = {
      patience: { ms: RESTART_MS + LONGEST_WAIT_S * 1000 },
      ...(signal === undefined ? {} : { signal }),
    };
    let view = await this.migration(migrationId, wait);
    while (!AT_REST.has(view.status)) view = await this.migration(migrationId, { waitS: LONGEST_WAIT_S, ...wait });
    return view;
  }

  act<A extends ActionName>(migrationId: string, action: A, body: ActionBodies[A]): Promise<ActionAnswer> {
    return this.calls.json({ method: 'POST', path: `${migrationPath(migrationId)}/${action}`, body });
  }

  /** Its events so far, in order. */
  async events(migrationId: string, after?: string): Promise<EventAnswer[]> {
    const { text } = await this.calls.text({
      method: 'GET',
      path: `${migrationPath(migrationId)}/events`,
      query: { after },
      accept: 'application/x-ndjson',
    });
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as EventAnswer);
  }

  /** Its events as they happen, until it is over; see `followEvents`. */
  follow(migrationId: string, options: FollowOptions = {}): AsyncGenerator<EventAnswer> {
    return followEvents(this.calls, migrationId, options);
  }

  /** The flight recorder of a migration: JSON, Markdown or HTML. */
  async report(migrationId: string, mediaType: string, step?: string): Promise<string> {
    const path = `${migrationPath(migrationId)}/report`;
    return (await this.calls.text({ method: 'GET', path, query: { step }, accept: mediaType })).text;
  }

  /** The ledger in position order, lines as the planner wrote them. */
  async *auditLines(filter: AuditFilter = {}, signal?: AbortSignal): AsyncGenerator<string> {
    const answer = await this.calls.stream({
      method: 'GET',
      path: '/v1/audit/events',
      query: { ...filter },
      accept: 'application/x-ndjson',
      ...(signal === undefined ? {} : { signal }),
    });
    if (answer.body === null) return;
    for await (const line of textLines(answer.body)) if (line !== '') yield line;
  }

  async *auditEvents(filter: AuditFilter = {}, signal?: AbortSignal): AsyncGenerator<AuditAnswer> {
    for await (const line of this.auditLines(filter, signal)) yield JSON.parse(line) as AuditAnswer;
  }

  /** Lets the planner recompute the hash chain. A long ledger takes a while: as long as the caller has patience. */
  verify(range: { readonly from?: string; readonly to?: string } = {}): Promise<Verification> {
    return this.calls.json({ method: 'GET', path: '/v1/audit/verify', query: range, timeoutMs: VERIFY_TIMEOUT_MS });
  }

  /** One entry of the registry: `servers`, `services`, `entitlements`, `instances`, `sources`. */
  entry<T>(collection: string, name: string): Promise<T> {
    return this.calls.json({ method: 'GET', path: `/v1/${collection}/${encodeURIComponent(name)}` });
  }

  entries<T>(collection: string, query: HttpCall['query'] = {}): Promise<Page<T>> {
    return this.calls.json({ method: 'GET', path: `/v1/${collection}`, query });
  }

  /** Any other request that becomes a migration, such as `POST /v1/backups/{id}/promote`. */
  askOf<T>(path: string, body: unknown, idempotencyKey: string = randomUUID()): Promise<T> {
    return this.calls.json(ask(path, body, { idempotencyKey }));
  }

  /** How the databases of a project are, by the last look of an executor. */
  projectHealth(project: string, signal?: AbortSignal): Promise<ProjectHealth> {
    return this.calls.json({ ...projectCall(project, 'health'), ...(signal === undefined ? {} : { signal }) });
  }

  /** How far they are: current version, pending, failed; and whether a migration is needed. */
  projectStatus(project: string, signal?: AbortSignal): Promise<ProjectStatus> {
    return this.calls.json({ ...projectCall(project, 'status'), ...(signal === undefined ? {} : { signal }) });
  }

  put<T>(collection: string, name: string, body: unknown): Promise<T> {
    return this.calls.json({ method: 'PUT', path: `/v1/${collection}/${encodeURIComponent(name)}`, body });
  }

  /** Pushes a project as tar.gz; the same files again change nothing. */
  putProject(name: string, archive: Uint8Array): Promise<ProjectAnswer> {
    const bytes = { content: archive, mediaType: 'application/gzip' };
    return this.calls.json({ method: 'PUT', path: projectPath(name), bytes, timeoutMs: PUSH_TIMEOUT_MS });
  }

  /** Pushes the folder that holds `project.yaml`. @throws Error naming what cannot be read, file by file. */
  async pushFolder(folder: string): Promise<ProjectAnswer> {
    // Most callers push nothing and need no archiver.
    const { packFolder } = await import('./pack-folder.js');
    const { name, archive } = await packFolder(folder);
    return this.putProject(name, archive);
  }

  project(name: string): Promise<ProjectAnswer> {
    return this.calls.json({ method: 'GET', path: projectPath(name) });
  }

  projects(query: HttpCall['query'] = {}): Promise<Page<ProjectSummaryAnswer>> {
    return this.calls.json({ method: 'GET', path: '/v1/projects', query });
  }

  /** What became of its migrations, newest first: `limit` of them, and those after `next` of the page before. */
  projectHistory(
    name: string,
    query: { readonly limit?: number; readonly after?: string } = {},
  ): Promise<Page<ProjectHistoryEntry>> {
    return this.calls.json({ ...projectCall(name, 'history'), query });
  }

  /**
   * Whether an apply would do anything now: the databases are looked at.
   *
   * @param request the project, or all that an apply would say
   * @throws PlannerError with the reasons when an apply would be refused
   */
  async migrationNeeded(request: string | ApplyOf, signal?: AbortSignal): Promise<boolean> {
    const plan = await this.plan(applyOf(request), signal === undefined ? {} : { signal });
    const [reason] = plan.reasons;
    if (plan.status === 'refused' && reason !== undefined)
      throw new PlannerError({
        code: reason.code,
        status: 422,
        detail: plan.reasons.map(({ detail }) => detail).join('; '),
      });
    return plan.steps.length > 0;
  }

  /**
   * Brings a project's databases up to date, as an application does when it starts. Of many that ask at once one does it;
   * the others wait for it, look again and find nothing to do.
   *
   * @returns the migration at rest: `result.applied` says how many migrations were applied, 0 when there was nothing to do
   */
  async applyIfNeeded(request: string | ApplyOf, signal?: AbortSignal): Promise<MigrationView> {
    const asked = applyOf(request);
    const options = { ...asked.options, onBusy: 'queue' as const };
    const patience = signal === undefined ? {} : { signal };
    const { migrationId } = await this.submit({ ...asked, options }, patience);
    return this.untilAtRest(migrationId, signal);
  }
}

/** An apply, without its kind. */
export type ApplyOf = Omit<RequestOf<'apply'>, 'kind'>;

function applyOf(request: string | ApplyOf): RequestOf<'apply'> {
  return { kind: 'apply', ...(typeof request === 'string' ? { project: request } : request) };
}

function projectPath(name: string): string {
  return `/v1/projects/${encodeURIComponent(name)}`;
}

const VERIFY_TIMEOUT_MS = 600_000;
/** The planner parses every script of it. */
const PUSH_TIMEOUT_MS = 120_000;
const AT_REST: ReadonlySet<string> = new Set([
  'refused',
  'awaiting-approval',
  'completed',
  'rolled-back',
  'cancelled',
  'halted',
]);

function ask(path: string, body: unknown, options: AskOptions & { readonly idempotencyKey: string }): HttpCall {
  const { idempotencyKey, signal } = options;
  return {
    method: 'POST',
    path,
    body,
    headers: { 'idempotency-key': idempotencyKey },
    repeatable: true,
    ...(signal === undefined ? {} : { signal }),
  };
}

function projectCall(project: string, what: string): HttpCall {
  return { method: 'GET', path: `/v1/projects/${encodeURIComponent(project)}/${what}` };
}

function migrationPath(migrationId: string): string {
  return `/v1/migrations/${encodeURIComponent(migrationId)}`;
}

function isDecided({ status }: PlanAnswer): boolean {
  return AT_REST.has(status);
}
