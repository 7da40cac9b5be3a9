import { rmSync } from 'node:fs';
import { Command } from 'commander';
import { screenOf } from '../apps/cli/src/cli.config.js';
import { stepsView } from '../apps/cli/src/rendering/live-steps.js';
import { untilToldToEnd } from '../examples/sample-tenant/ready-line.js';
import { certificateText } from './quickstart/certificate.js';
import { buildWorld, reportOf, upgrade, type Announce, type QuickstartWorld } from './quickstart/run-quickstart.js';
import { addressesOf } from './stack/stack-state.js';

const { json, keep } = new Command('quickstart')
  .description('A tenant moves from a shared to a dedicated server, for real, on servers that are started here')
  .option('--json', 'print one JSON report as the last line')
  .option('--keep', 'leave everything running until Ctrl-C and print the addresses')
  .parse()
  .opts<{ json?: boolean; keep?: boolean }>();

// Progress is not the result: with --json only the report goes to standard output.
const out = json ? process.stderr : process.stdout;
const say = (line: string) => void out.write(`${line}\n`);
const announce: Announce = { begin: (what) => say(`· starting ${what} …`), done: (what) => say(`✓ ${what}`) };

const EXIT_INTERRUPTED = 130;

/** The exit code: 0 only when everything held. */
async function main(): Promise<number> {
  say('Rehome quickstart: a tenant moves from a shared to a dedicated server, for real');
  const interrupted = untilToldToEnd();
  const world = await buildWorld(announce);
  try {
    const code = await Promise.race([
      show(world).then((held) => (held ? 0 : 1)),
      interrupted.then(() => EXIT_INTERRUPTED),
    ]);
    if (keep) await leaveRunning(world, interrupted);
    return code;
  } finally {
    say('· stopping and cleaning up …');
    await world.stop();
    rmSync(world.directory, { recursive: true, force: true });
  }
}

async function show(world: QuickstartWorld): Promise<boolean> {
  say('');
  const wishes = { progress: 'auto', json: json === true, inProcess: false, colour: true };
  const screen = screenOf(wishes, process.env, { stdin: process.stdin, stdout: out, stderr: out });
  const body = await upgrade(world, stepsView(out, { ...screen, unicode: true }));
  const report = await reportOf(world, body);
  const certificate = body.result?.certificate;
  if (certificate) say(certificateText(certificate, report));
  for (const reason of body.reasons) say(`✗ [${reason.code}] ${reason.detail}`);
  for (const failure of report.failures) say(`✗ ${failure}`);
  say(report.failures.length === 0 ? nextSteps(keep === true) : '\n✗ the quickstart did not hold what it promises');
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  return report.failures.length === 0;
}

async function leaveRunning(world: QuickstartWorld, interrupted: Promise<void>): Promise<void> {
  say(
    JSON.stringify(
      { ...addressesOf(world.stack), instanceId: world.tenant.instanceId, logs: world.directory },
      null,
      2,
    ),
  );
  say('Running until Ctrl-C.');
  await interrupted;
}

function nextSteps(kept: boolean): string {
  return [
    '',
    'Next',
    ...(kept ? [] : ['  npm run quickstart -- --keep   leave it running and look around']),
    '  npm run stack -- up            servers and both services for your own databases',
    '  npm test                       every promise above, also with kill -9 in the middle',
    '  docs/architecture.md           how it works',
  ].join('\n');
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
// Keep-alive sockets of fetch must not hold the process once everything is said.
process.exit();
