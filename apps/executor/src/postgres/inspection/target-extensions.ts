import type { PreflightCheck } from '#shared/contracts/preflight.js';
import type { DatabaseFacts } from '#shared/contracts/steps/database-facts.js';
import { majorOf, type Session } from '../session.js';
import { judge } from './check.js';

/** Within one major an extension keeps its version, so that nothing else changes with the move; across majors any will do. */
export async function checkTargetExtensions(
  session: Session,
  facts: DatabaseFacts,
  major: number,
): Promise<PreflightCheck> {
  const { rows } = await session.query<{ name: string; versions: string[] }>(
    `select name, array_agg(version::text order by version) as versions from pg_available_extension_versions
     where name = any ($1) group by name`,
    [facts.extensions.map(({ name }) => name)],
  );
  const available = new Map(rows.map(({ name, versions }) => [name, versions]));
  const exact = major === majorOf(facts.serverVersion);
  const missing = facts.extensions.filter(({ name, version }) => {
    const versions = available.get(name);
    return versions === undefined || (exact && !versions.includes(version));
  });
  const fine = facts.extensions.map(({ name, version }) => `${name} ${version}`).join(', ') || 'none';
  const found = missing
    .map(({ name, version }) => `${name} ${version} (there: ${available.get(name)?.join(', ') ?? 'not installed'})`)
    .join('; ');
  const remedy = `install on the target host, or update at the source first: ${missing.map(({ name }) => name).join(', ')}`;
  return judge('extensions', 'error', fine, missing.length > 0 ? { found, remedy } : undefined);
}
