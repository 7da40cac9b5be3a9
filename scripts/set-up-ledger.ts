import { readFileSync } from 'node:fs';
import { setUpLedger } from '#shared/database/set-up.js';

/**
 * The ledger's set-up as a job: `LEDGER_ADMIN_URL` and a password for each login come from the environment, or from
 * files that the same names with `_FILE` behind lead to.
 */
const NAMES = ['LEDGER_ADMIN_URL', 'PLANNER_PASSWORD', 'EXECUTOR_PASSWORD', 'ANALYST_PASSWORD'] as const;

function given(name: string): string {
  const file = process.env[`${name}_FILE`] ?? '';
  return file === '' ? (process.env[name] ?? '') : readFileSync(file, 'utf8').trimEnd();
}

try {
  const [adminUrl = '', planner = '', executor = '', analyst = ''] = NAMES.map(given);
  const missing = NAMES.filter((name) => given(name) === '');
  if (missing.length > 0) {
    process.stderr.write(`✗ set ${missing.join(', ')}\n`);
    process.exitCode = 64;
  } else {
    await setUpLedger({ adminUrl, database: 'rehome', passwords: { planner, executor, analyst } });
    process.stdout.write('The ledger is set up.\n');
  }
} catch (error) {
  process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
