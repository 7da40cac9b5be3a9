import { setUpLedger } from '#shared/database/set-up.js';
import { ensureCommandKeys } from './command-keys.js';

/**
 * The ledger's set-up as a job: `LEDGER_ADMIN_URL` and a password for each login come from the environment. With
 * `SIGNING_KEY_FILE` and `COMMAND_KEYS_FILE` it makes the pair of keys for commands there, too.
 */
const NAMES = ['LEDGER_ADMIN_URL', 'PLANNER_PASSWORD', 'EXECUTOR_PASSWORD', 'ANALYST_PASSWORD'] as const;

const [adminUrl = '', planner = '', executor = '', analyst = ''] = NAMES.map((name) => process.env[name] ?? '');
const { SIGNING_KEY_FILE: signingKey, COMMAND_KEYS_FILE: commandKeys } = process.env;
const missing = NAMES.filter((name) => (process.env[name] ?? '') === '');

if (missing.length > 0) {
  process.stderr.write(`✗ set ${missing.join(', ')}\n`);
  process.exitCode = 64;
} else {
  try {
    await setUpLedger({ adminUrl, database: 'rehome', passwords: { planner, executor, analyst } });
    if (signingKey !== undefined && commandKeys !== undefined) ensureCommandKeys({ signingKey, commandKeys });
    process.stdout.write('The ledger is set up.\n');
  } catch (error) {
    process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
