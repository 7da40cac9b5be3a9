import type { MigratedDatabase } from '#shared/contracts/steps/project-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { SqlScript } from '#shared/projects/migration-file.js';
import { reachesBeyondDatabase } from '#shared/projects/sql/beyond-database.js';

/**
 * Before scripts run on a copy: none may change what it was copied from, or what the databases of a server share.
 * @throws RehomeError PREFLIGHT_FAILED that names the first statement that would
 */
export function requireWithinCopy({ copy }: MigratedDatabase, scripts: readonly SqlScript[]): void {
  if (copy !== true) return;
  for (const { path, statements } of scripts) {
    const beyond = statements.find(reachesBeyondDatabase);
    if (beyond === undefined) continue;
    const { line, text } = beyond;
    throw new RehomeError(
      'PREFLIGHT_FAILED',
      `${path}:${String(line)} changes more than its database, so it cannot be rehearsed on a copy: ${text.slice(0, 200)}. ` +
        `Leave options.rehearse out, or put it into a version of its own and rehearse up to the one before`,
      { facts: { path, line } },
    );
  }
}
