import { RehomeError } from '#shared/errors/rehome-error.js';
import type { PostgresTools } from '../../postgres/tools.js';

/**
 * The oldest tools that can read the server: pg_restore must be of the same major, and sends settings that a target
 * older than itself does not know.
 * @throws RehomeError TOOL_MISSING naming what is there.
 */
export function oldestToolsFor(serverMajor: number, found: readonly PostgresTools[]): PostgresTools {
  const [chosen] = found.filter(({ major }) => major >= serverMajor).sort((left, right) => left.major - right.major);
  if (chosen !== undefined) return chosen;
  const have = found.map(({ version }) => version).join(', ') || 'none';
  throw new RehomeError('TOOL_MISSING', `pg_dump ${String(serverMajor)} or newer is needed; found ${have}`);
}
