import { randomBytes } from 'node:crypto';
import { GenericContainer, Wait, type StartedTestContainer } from 'testcontainers';
import { freePort } from './free-port.js';
import type { PostgresOptions, RunningKafka, RunningPostgres } from './running-server.js';

const KAFKA_IMAGE = 'apache/kafka:4.1.1';
const STOP_TIMEOUT_MS = 10_000;

/** A container of the official image. Durable settings are the image's own; `durable: false` switches fsync off. */
export async function startDockerPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const password = randomBytes(18).toString('base64url');
  const port = await freePort();
  const settings = {
    max_connections: '200',
    max_prepared_transactions: '10',
    max_locks_per_transaction: '256',
    wal_level: 'logical',
    ...(options.durable === false ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
    ...options.settings,
  };
  const container = await new GenericContainer(`postgres:${String(options.major)}`)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withExposedPorts({ container: 5432, host: port })
    .withCommand(['postgres', ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])])
    // The image starts the server twice: once to set it up.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start();
  const host = container.getHost();
  return {
    major: options.major,
    host,
    port,
    adminUrl: `postgres://postgres:${password}@${host}:${String(port)}/postgres`,
    ...lifecycle(container),
  };
}

/** The port is chosen before, because the broker must know its own address from outside. */
export async function startDockerKafka(): Promise<RunningKafka> {
  const port = await freePort();
  const container = await new GenericContainer(KAFKA_IMAGE)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${String(port)}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  return { brokers: `${container.getHost()}:${String(port)}`, ...lifecycle(container) };
}

function lifecycle(container: StartedTestContainer): Pick<RunningKafka, 'stop' | 'kill9' | 'restart'> {
  return {
    stop: async () => {
      await container.stop({ timeout: STOP_TIMEOUT_MS, remove: true, removeVolumes: true });
    },
    kill9: () => container.restart({ timeout: 0 }),
    // `kill9` of a container already brings it up again with its data.
    restart: () => Promise.resolve(),
  };
}
