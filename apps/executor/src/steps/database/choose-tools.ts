import type { Compression } from '#shared/contracts/steps/backup-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { NEWER_COMPRESSION_SINCE, packsAnywhere } from '../../postgres/packing.js';
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

/**
 * The same for a backup that is to be packed so: for a server that is older than zstd and lz4 the tools of 16, whose
 * pg_restore sends it no more than its own does. That of 17 sends `transaction_timeout`, which servers before 17 refuse.
 * @throws RehomeError TOOL_MISSING naming what is there.
 */
export function backupToolsFor(
  serverMajor: number,
  compression: Compression,
  found: readonly PostgresTools[],
): PostgresTools {
  const usual = oldestToolsFor(serverMajor, found);
  if (packsAnywhere(compression) || usual.major >= NEWER_COMPRESSION_SINCE) return usual;
  return found.find(({ major }) => major === NEWER_COMPRESSION_SINCE) ?? usual;
}
