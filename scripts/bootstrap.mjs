// The way into a fresh clone: finds out what is missing, installs, builds, then runs what was asked for.
// Plain JavaScript without dependencies, because it runs before there are any.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { buildWhenStale } from './bootstrap/build.mjs';
import { installWhenStale } from './bootstrap/install.mjs';
import { missingPrerequisites } from './bootstrap/prerequisites.mjs';
import { PROJECT_ROOT, say } from './bootstrap/project.mjs';

const EXIT_USAGE = 64;
const EXIT_UNAVAILABLE = 69;
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

/** What can be asked for. `servers`: it starts a real PostgreSQL and a real Kafka. `build`: it runs from dist. */
const TARGETS = {
  quickstart: { servers: true, build: true, argv: ['dist/scripts/quickstart.js'] },
  stack: { servers: true, build: true, argv: ['dist/scripts/stack.js'] },
  bench: { servers: true, build: true, argv: ['dist/scripts/bench.js'] },
  // Builds in Jest's global set-up, when a selected test needs it.
  test: { servers: true, build: false, argv: JEST },
  check: { servers: false, build: false, argv: ['scripts/check.mjs'] },
  build: { servers: false, build: true },
};

/** Runs a target and answers its exit code. */
export async function runTarget(name, args) {
  const target = TARGETS[name];
  if (target === undefined) return fail(`"${name ?? ''}" is none of ${Object.keys(TARGETS).join(', ')}`, EXIT_USAGE);
  // A chosen part of the tests may need no server; the global set-up knows.
  const servers = target.servers && !(name === 'test' && args.length > 0);
  const missing = await missingPrerequisites({ servers });
  if (missing.length > 0) return fail(`Missing on this machine:\n  ${missing.join('\n  ')}`, EXIT_UNAVAILABLE);
  try {
    await installWhenStale();
    if (target.build) await buildWhenStale();
  } catch (error) {
    return fail(error.message, 1);
  }
  if (target.argv === undefined) return 0;
  const program = target.argv.at(-1);
  if (!existsSync(join(PROJECT_ROOT, program))) return fail(`"${name}" does not exist yet: no ${program}`, EXIT_USAGE);
  return node([...target.argv, ...args], target.cwd ?? PROJECT_ROOT);
}

async function node(argv, cwd) {
  const script = argv.findIndex((argument) => !argument.startsWith('--'));
  const child = spawn(process.execPath, argv.with(script, join(PROJECT_ROOT, argv[script])), { cwd, stdio: 'inherit' });
  // A terminal interrupts the child by itself; we stay, so that it can clean up. Others know only our process id.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const [code, signal] = await once(child, 'exit');
  return code ?? (signal === 'SIGINT' ? 130 : 143);
}

function fail(message, code) {
  say(message);
  return code;
}

if (realpathSync(process.argv[1]) === join(realpathSync(PROJECT_ROOT), 'scripts/bootstrap.mjs')) {
  const [name, ...args] = process.argv.slice(2);
  process.exitCode = await runTarget(name, args);
}
