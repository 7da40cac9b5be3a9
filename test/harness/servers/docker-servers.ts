import { randomBytes } from 'node:crypto';
import { GenericContainer, Wait, getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers';
import { freePort } from './free-port.js';
import { brokerSettings, imageEnvironment } from './kafka-settings.js';
import { portIsOpen } from './port-is-open.js';
import { postgresSettings, settingFlags } from './postgres-settings.js';
import type { PostgresOptions, RunningKafka, RunningPostgres } from './running-server.js';

const KAFKA_IMAGE = 'apache/kafka:4.1.1';
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** A container of the official image, on a port chosen before, so that a restart keeps it. */
export async function startDockerPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const password = randomBytes(18).toString('base64url');
  const port = await freePort();
  const container = await new GenericContainer(`postgres:${String(options.major)}`)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withExposedPorts({ container: 5432, host: port })
    .withCommand(['postgres', ...settingFlags(postgresSettings(options))])
    // The image starts the server twice: once to set it up.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start();
  const host = container.getHost();
  return {
    major: options.major,
    host,
    port,
    adminUrl: `postgres://postgres:${password}@${host}:${String(port)}/postgres`,
    ...lifecycle(container, port),
  };
}

/** The port is chosen before, because the broker must know its own address from outside. */
export async function startDockerKafka(): Promise<RunningKafka> {
  const port = await freePort();
  const client = await getContainerRuntimeClient();
  const host = client.info.containerRuntime.host;
  const settings = brokerSettings({
    listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
    advertised: `PLAINTEXT://${host}:${String(port)}`,
    controller: 'localhost:9093',
  });
  const container = await new GenericContainer(KAFKA_IMAGE)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment(imageEnvironment(settings))
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  return { brokers: `${host}:${String(port)}`, ...lifecycle(container, port) };
}

function lifecycle(container: StartedTestContainer, port: number): Pick<RunningKafka, 'stop' | 'kill9' | 'restart'> {
  // testcontainers itself starts and stops, but cannot kill, or start what was killed.
  const engine = async () => (await getContainerRuntimeClient()).container.getById(container.getId());
  return {
    stop: async () => {
      await container.stop({ timeout: 0, remove: true, removeVolumes: true });
    },
    kill9: async () => {
      await (await engine()).kill({ signal: 'SIGKILL' });
    },
    restart: async () => {
      const stopped = await engine();
      if ((await stopped.inspect()).State.Running) await stopped.stop();
      await stopped.start();
      await waitForPort(container.getHost(), port);
    },
  };
}

async function waitForPort(host: string, port: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await portIsOpen({ host, port }))) {
    if (Date.now() > deadline) throw new Error(`nothing listens on ${host}:${String(port)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
