import type { ProjectDatabase } from '#shared/contracts/projects.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import type { StepTools } from '../../running/step-tools.js';
import { adminAddress } from '../../steps/step-session.js';
import type { LookParts } from './check-database.js';
import { checkProject } from './check-project.js';
import type { LookAtProject } from './health-watch.js';

export interface Looking {
  readonly tools: Pick<StepTools, 'secrets' | 'projects' | 'metrics'>;
  /** `application_name` of its sessions. */
  readonly sessionName: string;
}

/** Looks at every database of a project as it was pushed. */
export function looksWith(looking: Looking): LookAtProject {
  return async (pin, servers, signal) => {
    const project = await looking.tools.projects.load(pin);
    const { databases } = project.definition;
    return checkProject(databases, servers, lookParts(looking, { project, signal }));
  };
}

export function lookParts(
  { tools, sessionName }: Looking,
  { project, signal }: { readonly project: LoadedProject; readonly signal: AbortSignal },
): LookParts {
  return {
    project,
    addressOf: (server, database) => adminAddress({ tools }, server, database),
    sessionName,
    metrics: tools.metrics,
    signal,
  };
}

/** Of the aliases; of all when there are none. @returns those that the project does not have, too. */
export function chosen(
  databases: readonly ProjectDatabase[],
  aliases: readonly string[] | undefined,
): { readonly databases: readonly ProjectDatabase[]; readonly unknown: readonly string[] } {
  if (aliases === undefined) return { databases, unknown: [] };
  return {
    databases: databases.filter(({ alias }) => aliases.includes(alias)),
    unknown: aliases.filter((alias) => !databases.some((database) => database.alias === alias)),
  };
}
