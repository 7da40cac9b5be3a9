import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from './project.mjs';

const CLIENT_TOOLS = ['pg_dump', 'pg_restore', 'psql'];
const ENGINE_TIMEOUT_MS = 1_500;
const JAVA_MAJOR = 17;

/** Everything this machine lacks, each with how to get it; empty when it has all. `servers`: real ones will be started. */
export async function missingPrerequisites({ servers }) {
  const missing = [...nodeTooOld()];
  if (!servers) return missing;
  missing.push(...clientToolsMissing());
  const kafkaIsGiven = (process.env.REHOME_KAFKA_BROKERS ?? '') !== '';
  if (!kafkaIsGiven && !(await dockerEngineAnswers())) missing.push(...nativeKafkaMissing());
  return missing;
}

/** Whether a Docker engine answers at DOCKER_HOST or one of the usual sockets. */
async function dockerEngineAnswers() {
  if (process.env.REHOME_TEST_SERVERS === 'native') return false;
  const sockets = ['/var/run/docker.sock', join(homedir(), '.docker/run/docker.sock')];
  if (process.env.XDG_RUNTIME_DIR) sockets.push(join(process.env.XDG_RUNTIME_DIR, 'docker.sock'));
  const addresses = process.env.DOCKER_HOST ? [process.env.DOCKER_HOST] : sockets.map((path) => `unix://${path}`);
  return (await Promise.all(addresses.map(engineAnswersAt))).includes(true);
}

function engineAnswersAt(address) {
  const target = address.startsWith('unix://')
    ? { socketPath: address.slice('unix://'.length) }
    : { host: new URL(address).hostname, port: new URL(address).port };
  return new Promise((resolve) => {
    const ping = request({ ...target, path: '/_ping', timeout: ENGINE_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy(new Error('timeout')));
    ping.on('error', () => resolve(false));
    ping.end();
  });
}

function nodeTooOld() {
  const wanted = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return [];
  return [`Node ${wanted} or newer (this is ${process.versions.node}): nodejs.org, or \`nvm install 22\``];
}

function clientToolsMissing() {
  const missing = CLIENT_TOOLS.filter((tool) => !runs(tool, ['--version']));
  if (missing.length === 0) return [];
  return [`${missing.join(', ')} (PostgreSQL client tools): ${howToGet('postgresql-client', 'libpq')}`];
}

function nativeKafkaMissing() {
  const missing = [];
  const java = javaMajor();
  if (java === undefined || java < JAVA_MAJOR) {
    const found = java === undefined ? '' : ` (this is ${java})`;
    missing.push(`Java ${JAVA_MAJOR} or newer${found}, to run Kafka: ${howToGet('default-jre-headless', 'openjdk')}`);
  }
  if (!kafkaIsCached() && !runs('mvn', ['-v'])) {
    missing.push(`Maven, to fetch Kafka: ${howToGet('maven', 'maven')}`);
  }
  if (missing.length > 0) missing.push('(A running Docker engine replaces Java and Maven; none answers here.)');
  return missing;
}

function javaMajor() {
  const result = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)/.exec(`${result.stderr ?? ''}${result.stdout ?? ''}`)?.[1];
  return version === undefined ? undefined : Number(version);
}

function kafkaIsCached() {
  try {
    return readdirSync(join(PROJECT_ROOT, 'node_modules/.cache/rehome')).some((name) =>
      /^kafka-[0-9a-f]{8}$/.test(name),
    );
  } catch {
    return false;
  }
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function howToGet(debianPackage, brewFormula) {
  return process.platform === 'darwin' ? `brew install ${brewFormula}` : `apt-get install ${debianPackage}`;
}
