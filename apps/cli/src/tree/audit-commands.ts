import { Command } from 'commander';
import type { WithBody } from './with-body.js';

/** The ledger for whoever wants to check it. */
export function auditCommands(withBody: WithBody): Command[] {
  const audit = new Command('audit').description('the ledger: export and verify');
  audit.addCommand(
    withBody(
      new Command('events')
        .description('events in position order as NDJSON, with exact texts and hashes')
        .option('--from <position>', 'first position')
        .option('--to <position>', 'last position')
        .option('--stream <name>', 'one stream, or all that begin so with * at the end')
        .option('--type <names>', 'event names, separated by commas')
        .option('--since <time>', 'recorded at or after (RFC 3339)')
        .option('--until <time>', 'recorded before (RFC 3339)'),
      async () => (await import('../commands/audit-events.js')).auditEvents,
    ),
  );
  audit.addCommand(
    withBody(
      new Command('verify')
        .description('recompute the hash chain: of the ledger, or of an export, without any server')
        .argument('[file]', 'an export of `audit events`; - reads standard input')
        .option('--from <position>', 'first position (not with a file)')
        .option('--to <position>', 'last position (not with a file)')
        .option('--head <hash>', 'hash that the last event must have: nothing was cut off'),
      async () => (await import('../commands/audit-verify.js')).auditVerify,
    ),
  );
  return [audit];
}
