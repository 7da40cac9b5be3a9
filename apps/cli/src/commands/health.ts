import type { ProjectHealth } from '#shared/contracts/projects.js';
import { CliError } from '../cli-error.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { healthText } from '../rendering/health-text.js';
import { readable } from '../rendering/readable.js';
import type { Run } from '../run.js';
import { askAndWait } from './ask-and-wait.js';

interface HealthOptions {
  readonly project: string;
  readonly last?: boolean;
  readonly database?: readonly string[];
}

/** Ends with 5 unless every database is healthy: what is unknown is not. */
export async function health(run: Run, _args: readonly [], options: HealthOptions): Promise<ExitCode> {
  const seen = options.last === true ? await lastLook(run, options) : await newLook(run, options);
  if ('exitCode' in seen) return seen.exitCode;
  if (run.json) run.out(JSON.stringify(seen));
  else run.out(`${healthText(readable(seen), run)}${run.screen.again}`);
  return seen.healthy ? EXIT.done : EXIT.checkFailed;
}

async function lastLook(run: Run, { project, database: aliases }: HealthOptions): Promise<ProjectHealth> {
  const seen = await (await run.client()).projectHealth(project, run.interrupted);
  if (aliases === undefined) return seen;
  const unknown = aliases.filter((alias) => !seen.databases.some((database) => database.alias === alias));
  if (unknown.length > 0) {
    const known = seen.databases.map(({ alias }) => alias).join(', ');
    throw new CliError(EXIT.usage, `project ${project} has no database ${unknown.join(', ')}; it has ${known}`);
  }
  const databases = seen.databases.filter(({ alias }) => aliases.includes(alias));
  return { ...seen, databases, healthy: databases.every(({ state }) => state === 'healthy') };
}

async function newLook(
  run: Run,
  { project, database: databases }: HealthOptions,
): Promise<ProjectHealth | { readonly exitCode: ExitCode }> {
  const request = { kind: 'health', project, ...(databases === undefined ? {} : { databases }) };
  const looked = await askAndWait(run, request, `looking at every database of ${project} …`);
  // What the planner writes as the result of this kind.
  return 'exitCode' in looked ? looked : (looked.migration.result as unknown as ProjectHealth);
}
