import type { Compression } from '#shared/contracts/steps/backup-steps.js';
import { toRehomeError } from '#shared/errors/rehome-error.js';
import { databaseArgument, runTool } from './run-tool.js';
import type { SessionAddress } from './session.js';
import type { PostgresTools } from './tools.js';

/** pg_dump packs by zstd and lz4 since then, where it was built so. */
export const NEWER_COMPRESSION_SINCE = 16;

/** Takes no newer tools and no particular build. */
export function packsAnywhere(compression: Compression): boolean {
  return compression === 'gzip' || compression === 'none';
}

interface Asking {
  readonly tools: PostgresTools;
  /** Of any database that may be read. */
  readonly address: SessionAddress;
  readonly applicationName: string;
  /** 0700, of this run. */
  readonly workDirectory: string;
  readonly signal: AbortSignal;
}

/**
 * Why this pg_dump cannot pack so: packers are chosen when it is built, and only a dump tells, here of nothing.
 * @returns undefined when it can
 * @throws RehomeError when it could not be asked
 */
export async function whyNotPacked(compression: Compression, asking: Asking): Promise<string | undefined> {
  const { tools, address, applicationName, workDirectory, signal } = asking;
  if (packsAnywhere(compression)) return undefined;
  if (tools.major < NEWER_COMPRESSION_SINCE) return `pg_dump ${tools.version} cannot pack by ${compression}`;
  const nothing = ['--schema-only', '--exclude-schema=*', '--no-password', `--file=${workDirectory}/packed`];
  const packed = ['--format=directory', `--compress=${compression}`, ...nothing, databaseArgument(address.database)];
  try {
    await runTool({ program: tools.pgDump, arguments: packed, address, applicationName, workDirectory }, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = toRehomeError(error);
    if (code !== 'TOOL_FAILED') throw error;
    return `pg_dump ${tools.version} cannot pack by ${compression} (${message})`;
  }
}
