import type { Pool } from 'pg';
import type { EventTypes } from '#shared/contracts/events.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import type { ProjectFiles } from '#shared/projects/bundle/project-files.js';
import { loadProject, type LoadedProject } from '#shared/projects/load-project.js';
import type { Registry } from '../registry/registry.js';

/** What the registry knows of a project. */
export type ProjectEntry = EventTypes['ProjectRegistered'];

/** A project as it was pushed last, read. */
export type RegisteredProject = Pick<LoadedProject, 'definition' | 'migrations' | 'digest'> & { readonly name: string };

/** Parsing a project takes a while, and its bytes never change: as many stay read as a planner works with at once. */
const KEPT_READ = 20;

/** The bytes of projects, by digest: written once, never changed. The registry says which of them a name stands for. */
export class ProjectStore {
  private readonly read = new Map<string, Promise<LoadedProject>>();

  constructor(
    private readonly pool: Pool,
    private readonly registry: Registry,
  ) {}

  /** @throws RehomeError LEDGER_UNAVAILABLE, PROJECT_INVALID when this version of Rehome reads it no more. */
  async find(name: string): Promise<RegisteredProject | undefined> {
    const { project } = await this.registry.current();
    const entry = project.get(name)?.definition;
    if (entry === undefined) return undefined;
    const { definition, migrations, digest } = await this.load(entry.digest);
    return { name, definition, migrations, digest };
  }

  /** Writes it where it does not stand yet. */
  async keep({ digest, files }: Pick<LoadedProject, 'digest' | 'files'>): Promise<void> {
    const text = JSON.stringify(Object.fromEntries(files));
    await this.query(
      `insert into planner.project_content (digest, files)
       values ($1, $2)
       on conflict (digest) do nothing`,
      [digest, text],
    );
  }

  private load(digest: string): Promise<LoadedProject> {
    const known = this.read.get(digest);
    if (known !== undefined) return known;
    const loading = this.readContent(digest);
    this.read.set(digest, loading);
    loading.catch(() => this.read.delete(digest));
    const [oldest] = this.read.keys();
    if (this.read.size > KEPT_READ && oldest !== undefined) this.read.delete(oldest);
    return loading;
  }

  private async readContent(digest: string): Promise<LoadedProject> {
    const [row] = await this.query(`select files from planner.project_content where digest = $1`, [digest]);
    if (row === undefined)
      throw new RehomeError('PROJECT_INVALID', `the files of project ${digest} are missing; push it again`);
    const files: ProjectFiles = new Map(Object.entries(row.files));
    const outcome = await loadProject(files);
    if (outcome.ok) return outcome.project;
    const [first] = outcome.problems;
    const what = first === undefined ? '' : `: ${first.path} ${first.message}`;
    throw new RehomeError(
      'PROJECT_INVALID',
      `project ${digest} cannot be read any more${what}; mend it and push it again`,
    );
  }

  private async query(text: string, values: unknown[]): Promise<{ readonly files: Record<string, string> }[]> {
    try {
      return (await this.pool.query<{ files: Record<string, string> }>(text, values)).rows;
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}
