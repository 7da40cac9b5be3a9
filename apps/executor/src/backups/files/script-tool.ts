import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { databaseArgument } from '../../postgres/run-tool.js';
import type { PostgresTools } from '../../postgres/tools.js';

/** The first minor of each major whose psql knows `\restrict`; every one since 18 does. */
const RESTRICTS_SINCE: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };
const ALWAYS_SINCE = 18;

/**
 * The newest psql that can be kept from running commands of the file on our machine; any psql speaks to any server.
 * @throws RehomeError TOOL_MISSING
 */
export async function findScriptTool(found: readonly PostgresTools[]): Promise<string> {
  for (const { pgRestore, major, version } of found) {
    if (!restricts(major, version)) continue;
    const program = join(dirname(pgRestore), 'psql');
    const runs = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return program;
  }
  const have = found.map(({ version }) => version).join(', ');
  throw new RehomeError(
    'TOOL_MISSING',
    `no psql that knows \\restrict beside the tools found (${have}); install the client tools of 17.6, 18 or newer`,
  );
}

function restricts(major: number, version: string): boolean {
  if (major >= ALWAYS_SINCE) return true;
  const since = RESTRICTS_SINCE[major];
  return since !== undefined && Number(/^\d+\.(\d+)/.exec(version)?.[1] ?? 0) >= since;
}

/** The first error ends it, and nothing of it stands then. */
export function scriptArguments(database: string, script: string): string[] {
  return [
    '--no-psqlrc',
    '--quiet',
    '--no-password',
    '--set=ON_ERROR_STOP=1',
    '--single-transaction',
    '--output=/dev/null',
    `--file=${script}`,
    databaseArgument(database),
  ];
}
