import type { DatabaseHealth, ProjectDatabase } from '#shared/contracts/projects.js';
import type { ServerEndpoint } from '#shared/contracts/registry.js';
import { checkDatabase, type LookParts } from './check-database.js';

/** At once; one that hangs keeps none of the others waiting. */
const CONCURRENCY = 8;

/** Looks at every database, in the order of the project. */
export async function checkProject(
  databases: readonly ProjectDatabase[],
  servers: readonly ServerEndpoint[],
  parts: LookParts,
): Promise<DatabaseHealth[]> {
  const byName = new Map(servers.map((server) => [server.name, server]));
  const found = new Map<string, DatabaseHealth>();
  const waiting = [...databases];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      found.set(next.alias, await checkDatabase(next, byName.get(next.server), parts));
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, databases.length) }, worker));
  return databases.flatMap(({ alias }) => found.get(alias) ?? []);
}
