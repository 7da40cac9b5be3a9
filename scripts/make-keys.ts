import { makeKeys } from './deployment/make-keys.js';

/** The first job of a deployment: `make-keys.js DIRECTORY LEDGER_HOST:PORT`. Says which files it made, never what is in them. */
const [directory, ledgerAddress] = process.argv.slice(2);

if (directory === undefined || ledgerAddress === undefined) {
  process.stderr.write('✗ give the directory for the keys and host:port of the ledger\n');
  process.exitCode = 64;
} else {
  try {
    const written = makeKeys({ directory, ledgerAddress });
    process.stdout.write(written.length === 0 ? 'All keys are there.\n' : `Made ${written.join(', ')}.\n`);
  } catch (error) {
    process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
