import type { Pool } from 'pg';
import type { DatabaseHealth } from '#shared/contracts/projects.js';
import type { ServerEndpoint } from '#shared/contracts/registry.js';
import type { ProjectPin } from '#shared/contracts/steps/project-steps.js';
import type { ErrorCode } from '#shared/errors/error-codes.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { pauseFor } from '#shared/messaging/waiting.js';
import type { Logger } from '#shared/observability/logger.js';
import type { ProjectHealthStore } from './project-health-store.js';
import type { RegisteredProjects } from './registered-projects.js';
import { enrolProjects, leaseDueProject, returnProject } from './watch-lease.js';

/** Looks at every database of a project, see `checkProject`. */
export type LookAtProject = (
  project: ProjectPin,
  servers: readonly ServerEndpoint[],
  signal: AbortSignal,
) => Promise<readonly DatabaseHealth[]>;

export interface HealthWatchParts {
  readonly registered: RegisteredProjects;
  readonly store: ProjectHealthStore;
  readonly look: LookAtProject;
  readonly leases: Pool;
  readonly owner: string;
  readonly logger: Logger;
}

/** Longer than the slowest look: a hundred databases that do not answer. */
const LEASE_TTL_MS = 240_000;
const LONGEST_PAUSE_MS = 5_000;

/** Looks at every registered project again and again, each by one executor at a time. */
export class HealthWatch {
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  /** Of the last failed look; told once, however long it lasts. */
  private trouble: ErrorCode | undefined;

  constructor(
    private readonly parts: HealthWatchParts,
    /** Between two looks at a project; 0: none is ever made. */
    private readonly intervalMs: number,
  ) {}

  start(): void {
    if (this.intervalMs > 0) this.loop ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  /** Looks at what is due now. @returns names of the projects. */
  async lookOnce(): Promise<string[]> {
    const { registered, leases, owner } = this.parts;
    await registered.refresh();
    const projects = registered.names();
    if (projects.length === 0) return [];
    await enrolProjects(leases, projects);
    const seen: string[] = [];
    while (!this.stopping.signal.aborted) {
      const project = await leaseDueProject(leases, { projects, owner, ttlMs: LEASE_TTL_MS });
      if (project === undefined) break;
      try {
        await this.lookAt(project);
        seen.push(project);
      } finally {
        // Also after a failure: another project must not wait behind one that fails.
        await returnProject(leases, { project, owner, afterMs: this.intervalMs });
      }
    }
    return seen;
  }

  private async lookAt(name: string): Promise<void> {
    const { registered, store, look } = this.parts;
    const project = registered.project(name);
    if (project === undefined) return;
    const checkedAt = new Date();
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(LEASE_TTL_MS)]);
    const databases = await this.tellingFailure(name, checkedAt, () => look(project, registered.servers(), signal));
    await store.record(project, databases, checkedAt);
    await store.forgetOthers(
      name,
      databases.map(({ alias }) => alias),
    );
  }

  /** A project that cannot be read is known to be unknown; it is not as well as it was when last it could. */
  private async tellingFailure<T>(name: string, at: Date, work: () => Promise<T>): Promise<T> {
    const { registered, store } = this.parts;
    try {
      return await work();
    } catch (error) {
      const project = registered.project(name);
      if (project !== undefined && !this.stopping.signal.aborted) {
        const why = `it could not be looked at: ${toRehomeError(error).message}`;
        await store.recordUnknown(project, registered.databases(name), { why, at });
      }
      throw error;
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.lookOnce();
        this.trouble = undefined;
      } catch (error) {
        this.report(error);
      }
      await pauseFor(Math.min(this.intervalMs, LONGEST_PAUSE_MS), signal);
    }
  }

  private report(error: unknown): void {
    // What is cut off by the shutdown is no trouble.
    if (this.stopping.signal.aborted) return;
    const err = toRehomeError(error);
    if (err.code !== this.trouble) this.parts.logger.warn({ err }, 'health watch failed');
    this.trouble = err.code;
  }
}
