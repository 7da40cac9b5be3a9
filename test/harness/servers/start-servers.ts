import { dockerAnswers } from './docker-engine.js';
import { startNativeKafka } from './native-kafka.js';
import { startNativePostgres } from './native-postgres.js';
import type { PostgresOptions, RunningKafka, RunningPostgres } from './running-server.js';

/**
 * A PostgreSQL server: the one whose administrator address stands in `REHOME_TEST_PG_<major>`, else a container when a
 * Docker engine answers, else a process of this machine.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const given = process.env[`REHOME_TEST_PG_${String(options.major)}`];
  if (given !== undefined && given !== '') return { major: options.major, ...borrowedPostgres(given) };
  if (!(await dockerAnswers())) return startNativePostgres(options);
  const { startDockerPostgres } = await import('./docker-servers.js');
  return startDockerPostgres(options);
}

/** A Kafka broker: `REHOME_KAFKA_BROKERS`, else a container, else a process of this machine. */
export async function startKafka(): Promise<RunningKafka> {
  const given = process.env['REHOME_KAFKA_BROKERS'];
  return given !== undefined && given !== '' ? borrowedKafka(given) : startOwnKafka();
}

/** A broker that is surely ours, so that a test may kill it. */
export async function startOwnKafka(): Promise<RunningKafka> {
  if (!(await dockerAnswers())) return startNativeKafka();
  const { startDockerKafka } = await import('./docker-servers.js');
  return startDockerKafka();
}

/** A server that somebody else started, by its administrator's address. */
export function borrowedPostgres(adminUrl: string): Omit<RunningPostgres, 'major'> {
  const { hostname, port } = new URL(adminUrl);
  return { host: hostname, port: Number(port || '5432'), adminUrl, ...notOurs('PostgreSQL') };
}

function borrowedKafka(brokers: string): RunningKafka {
  return { brokers, ...notOurs('Kafka') };
}

/** What somebody else started is used, never stopped. */
function notOurs(what: string): Pick<RunningKafka, 'stop' | 'kill9' | 'restart'> {
  const refuse = () => Promise.reject(new Error(`this ${what} was not started here`));
  return { stop: () => Promise.resolve(), kill9: refuse, restart: refuse };
}
