import type { Pool } from 'pg';
import type { ProjectPin } from '#shared/contracts/steps/project-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import { digestOf } from '#shared/projects/bundle/digest.js';
import { loadProject, type LoadedProject } from '#shared/projects/load-project.js';

/** Parsed projects that are kept: steps of one migration work from the same one. */
const KEPT = 4;

/** Projects as they were pushed, by digest: the bytes of a plan never change under it. */
export class ProjectStore {
  private readonly loaded = new Map<string, Promise<LoadedProject>>();

  constructor(private readonly pool: Pool) {}

  /**
   * The project of a plan, read and checked.
   * @throws RehomeError PROJECT_UNKNOWN, PROJECT_INVALID, LEDGER_UNAVAILABLE.
   */
  async load(pin: ProjectPin): Promise<LoadedProject> {
    const known = this.loaded.get(pin.digest);
    // Last in, last out: a Map keeps the order of its keys.
    this.loaded.delete(pin.digest);
    const loading = known ?? this.read(pin);
    this.loaded.set(pin.digest, loading);
    const oldest = this.loaded.keys().next().value;
    if (this.loaded.size > KEPT && oldest !== undefined) this.loaded.delete(oldest);
    try {
      return await loading;
    } catch (error) {
      this.loaded.delete(pin.digest);
      throw error;
    }
  }

  private async read({ name, digest }: ProjectPin): Promise<LoadedProject> {
    const files = await this.files(digest);
    if (files === undefined) {
      throw new RehomeError('PROJECT_UNKNOWN', `nobody pushed project ${name} as ${digest}; push it and request again`);
    }
    if (digestOf(files) !== digest) {
      throw new RehomeError('PROJECT_INVALID', `the stored files of project ${name} are not those of ${digest}`);
    }
    const outcome = await loadProject(files);
    if (outcome.ok) return outcome.project;
    const [first] = outcome.problems;
    const where = first === undefined ? '' : `: ${first.path}:${String(first.line ?? 1)} ${first.message}`;
    throw new RehomeError('PROJECT_INVALID', `project ${name} does not hold together${where}`);
  }

  private async files(digest: string): Promise<ReadonlyMap<string, string> | undefined> {
    try {
      const { rows } = await this.pool.query<{ files: Record<string, string> }>(
        `select files from planner.project_content where digest = $1`,
        [digest],
      );
      return rows[0] === undefined ? undefined : new Map(Object.entries(rows[0].files));
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}
