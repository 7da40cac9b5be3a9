import { once } from 'node:events';
import type { AuditFilter } from '#client/rehome-client.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Run } from '../run.js';

/** Lines go out as fast as the reader takes them: an export is as long as the ledger. */
export async function auditEvents(run: Run, _args: readonly [], options: AuditFilter): Promise<ExitCode> {
  const { from, to, stream, type, since, until } = options;
  const filter = defined({ from, to, stream, type, since, until });
  const client = await run.client();
  for await (const line of client.auditLines(filter, run.interrupted)) {
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain', { signal: run.interrupted });
  }
  return EXIT.done;
}

function defined(filter: Readonly<Record<keyof AuditFilter, string | undefined>>): AuditFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
