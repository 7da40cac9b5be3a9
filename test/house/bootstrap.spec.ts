import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';

const EXIT_USAGE = 64;
const EXIT_UNAVAILABLE = 69;

/** A machine with Node and nothing else. */
const BARE = { PATH: '/nowhere', DOCKER_HOST: 'unix:///nowhere/docker.sock' };

function bootstrap(args: readonly string[], env: Readonly<Record<string, string>>) {
  return spawnSync(process.execPath, ['scripts/bootstrap.mjs', ...args], { env: { ...env }, encoding: 'utf8' });
}

describe('the way into a clone', () => {
  it('says everything that is missing at once, with how to get it', () => {
    const { status, stderr, stdout } = bootstrap(['stack', 'up'], BARE);
    expect(status).toBe(EXIT_UNAVAILABLE);
    expect(stdout).toBe('');
    for (const what of ['pg_dump', 'pg_restore', 'psql', 'Java 17', 'install']) expect(stderr).toContain(what);
  });

  it('needs no Java where a Kafka is given', () => {
    const { stderr } = bootstrap(['stack', 'up'], { ...BARE, REHOME_KAFKA_BROKERS: 'localhost:9092' });
    expect(stderr).toContain('pg_dump');
    expect(stderr).not.toContain('Java');
  });

  it('names what can be asked for', () => {
    const { status, stderr } = bootstrap(['quickstrat'], BARE);
    expect(status).toBe(EXIT_USAGE);
    expect(stderr).toContain('quickstart, stack, bench, test, check, build');
  });
});

describe('the last line of a run', () => {
  const lastLine = (counts: string) => {
    const reporter = `import Reporter from './test/harness/last-line-reporter.mjs'; new Reporter().onRunComplete([], ${counts});`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', reporter], { encoding: 'utf8' }).stdout;
  };

  it('counts a file that does not load as a failure', () => {
    const counts =
      '{ numPassedTests: 3, numFailedTests: 1, numRuntimeErrorTestSuites: 1, numPendingTests: 0, numTodoTests: 0 }';
    expect(lastLine(counts)).toBe('3 passed, 2 failed\n');
  });

  it('tells what was skipped', () => {
    const counts =
      '{ numPassedTests: 3, numFailedTests: 0, numRuntimeErrorTestSuites: 0, numPendingTests: 2, numTodoTests: 1 }';
    expect(lastLine(counts)).toBe('3 passed, 0 failed, 3 skipped\n');
  });
});

describe('the servers of a run', () => {
  const needs = (patterns: readonly string[]) => {
    const program = `
      import { needsOfSelectedTests } from './test/harness/selected-tests.mjs';
      const config = { rootDir: process.cwd(), testPathPatterns: { patterns: ${JSON.stringify(patterns)} } };
      process.stdout.write(JSON.stringify(needsOfSelectedTests(config)));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    return JSON.parse(stdout) as { build: boolean; servers: boolean };
  };

  it.each([
    ['a pure selection starts none', ['test/house'], { build: false, servers: false }],
    ['an integration test has them', ['native-kafka.int'], { build: false, servers: true }],
    ['an end-to-end test also runs what is built', ['test/e2e'], { build: true, servers: true }],
    ['everything has both', [], { build: true, servers: true }],
  ])('%s', (_what, patterns, expected) => {
    expect(needs(patterns)).toEqual(expected);
  });
});
