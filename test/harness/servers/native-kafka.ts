import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endWithParent } from './end-with-parent.js';
import { freePort } from './free-port.js';
import { kafkaJars, makeOnce } from './kafka-jars.js';
import { brokerSettings } from './kafka-settings.js';
import type { RunningKafka } from './running-server.js';
import { ServerProcess } from './server-process.js';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const PORT_ATTEMPTS = 3;
const JAVA_FLAGS = ['-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];
const LOGGING = ['defaultLogLevel=warn', 'showDateTime=true', 'log.kafka.server.KafkaRaftServer=info'].map(
  (setting) => `-Dorg.slf4j.simpleLogger.${setting}`,
);

/** One broker that is its own controller (KRaft). @throws Error with the end of its log when it does not start. */
export async function startNativeKafka(): Promise<RunningKafka> {
  const jars = await kafkaJars();
  const formatted = await makeOnce(`${jars}-formatted`, (directory) => formatStorage(jars, directory));
  const kafka = new NativeKafka(jars, formatted);
  try {
    await kafka.initialise();
    return kafka;
  } catch (error) {
    await kafka.stop();
    throw error;
  }
}

class NativeKafka implements RunningKafka {
  private readonly process = new ServerProcess('Kafka', 'kafka');
  private readonly data = join(this.process.folder, 'data');
  private readonly properties = join(this.process.folder, 'server.properties');
  private port = 0;

  constructor(
    private readonly jars: string,
    private readonly formatted: string,
  ) {}

  get brokers(): string {
    return `${HOST}:${String(this.port)}`;
  }

  async initialise(): Promise<void> {
    // Another process may take a port between the look and the start.
    for (let attempt = 1; ; attempt += 1) {
      this.port = await freePort();
      rmSync(this.data, { recursive: true, force: true });
      cpSync(this.formatted, this.data, { recursive: true });
      writeFileSync(this.properties, properties(this.data, this.port, await freePort()));
      try {
        await this.restart();
        return;
      } catch (error) {
        if (attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  async restart(): Promise<void> {
    await this.process.end('SIGTERM');
    const java = [...JAVA_FLAGS, ...LOGGING, '-cp', join(this.jars, '*'), 'kafka.Kafka', this.properties];
    // Not the open port: it may be somebody else's who took it first.
    const ready = (logged: string) => logged.includes('Kafka Server started');
    await this.process.start(endWithParent('KILL', 'java', java), ready, START_TIMEOUT_MS);
  }

  async kill9(): Promise<void> {
    await this.process.end('SIGKILL');
  }

  async stop(): Promise<void> {
    // Nothing of it is kept, so it need not tidy up.
    await this.process.end('SIGKILL');
    this.process.removeFiles();
  }
}

/** Takes a second of Java; copies serve every broker after the first, because they never meet. */
async function formatStorage(jars: string, directory: string): Promise<void> {
  const file = `${directory}.properties`;
  mkdirSync(directory);
  writeFileSync(file, properties(directory, 9092, 9093));
  const clusterId = randomBytes(16).toString('base64url');
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file];
  try {
    await run('java', [...JAVA_FLAGS, '-cp', join(jars, '*'), ...format]);
  } finally {
    rmSync(file);
  }
}

function properties(data: string, port: number, controllerPort: number): string {
  const controller = `${HOST}:${String(controllerPort)}`;
  const client = `PLAINTEXT://${HOST}:${String(port)}`;
  const settings = brokerSettings({
    listeners: `${client},CONTROLLER://${controller}`,
    advertised: client,
    controller,
  });
  return Object.entries({ ...settings, 'log.dirs': data })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
