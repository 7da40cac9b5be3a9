import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithParent } from './end-with-parent.js';
import { freePort } from './free-port.js';
import { kafkaJars } from './kafka-jars.js';
import type { RunningKafka } from './running-server.js';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 60_000;
const JAVA_FLAGS = ['-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];

/** One broker that is its own controller (KRaft), in files of its own. @throws Error with the end of its log when it does not start. */
export async function startNativeKafka(): Promise<RunningKafka> {
  const kafka = new NativeKafka(kafkaJars());
  try {
    await kafka.initialise();
  } catch (error) {
    await kafka.stop();
    throw error;
  }
  return kafka;
}

class NativeKafka implements RunningKafka {
  private readonly root = mkdtempSync(join(tmpdir(), 'rehome-kafka-'));
  private readonly properties = join(this.root, 'server.properties');
  private port = 0;
  private child: ChildProcess | undefined;

  constructor(private readonly jars: string) {
    process.once('exit', this.removeFiles);
  }

  get brokers(): string {
    return `${HOST}:${String(this.port)}`;
  }

  async initialise(): Promise<void> {
    // Another process may take a port between the look and the start.
    for (let attempt = 1; ; attempt += 1) {
      this.port = await freePort();
      this.format(await freePort());
      try {
        return await this.restart();
      } catch (error) {
        if (attempt === 3) throw error;
      }
    }
  }

  async restart(): Promise<void> {
    const log = openSync(join(this.root, 'log'), 'a', 0o600);
    const [program, ...args] = endWithParent('KILL', 'java', [
      ...JAVA_FLAGS,
      ...this.javaArguments('kafka.Kafka', this.properties),
    ]);
    this.child = spawn(program, args, { stdio: ['ignore', log, log], cwd: this.root });
    closeSync(log);
    await this.waitUntilReady(this.child);
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    this.removeFiles();
    process.removeListener('exit', this.removeFiles);
  }

  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  private format(controllerPort: number): void {
    rmSync(join(this.root, 'data'), { recursive: true, force: true });
    mkdirSync(join(this.root, 'data'));
    writeFileSync(this.properties, serverProperties(join(this.root, 'data'), this.port, controllerPort));
    writeFileSync(join(this.root, 'log4j2.yaml'), LOG_CONFIGURATION);
    const clusterId = randomBytes(16).toString('base64url');
    const result = spawnSync(
      'java',
      [
        ...JAVA_FLAGS,
        ...this.javaArguments('kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', this.properties),
      ],
      {
        encoding: 'utf8',
        cwd: this.root,
      },
    );
    if (result.status !== 0)
      throw new Error(`Kafka could not format its storage: ${result.error?.message ?? result.stdout + result.stderr}`);
  }

  private javaArguments(...rest: string[]): string[] {
    return ['-cp', join(this.jars, '*'), `-Dlog4j2.configurationFile=${join(this.root, 'log4j2.yaml')}`, ...rest];
  }

  private async waitUntilReady(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await portIsOpen(this.port))) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline)
        throw new Error(`Kafka did not start: ${this.logTail()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(impatience);
  }

  private logTail(): string {
    const log = join(this.root, 'log');
    return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-12).join('\n') : 'it said nothing';
  }

  private readonly removeFiles = (): void => {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  };
}

const LOG_CONFIGURATION = `Configuration:
  Appenders:
    Console: { name: out, PatternLayout: { pattern: "%d %p %c: %m%n" } }
  Loggers:
    Root: { level: WARN, AppenderRef: { ref: out } }
`;

/** Small: the heap above does not hold the default cleaner buffer; short sessions so that a killed broker is back in 3 s, not 11. */
function serverProperties(data: string, port: number, controllerPort: number): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${HOST}:${String(controllerPort)}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${HOST}:${String(port)},CONTROLLER://${HOST}:${String(controllerPort)}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${String(port)}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'log.cleaner.dedupe.buffer.size': '2097152',
    'num.partitions': '1',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    'broker.session.timeout.ms': '1500',
    'broker.heartbeat.interval.ms': '300',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function portIsOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
