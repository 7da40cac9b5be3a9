import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDockerHost } from '../../../../../test/harness/servers/docker-engine.js';
import { Redactor } from '../../secrets/redact.js';
import { startUntilHealthy, stopAndConfirm } from '../services/service-waits.js';
import { ContainerDriver } from './container.driver.js';
import { connectEngine } from './docker-engine.js';

const host = testDockerHost();
const IMAGE = 'debian:bookworm-slim';
const signal = new AbortController().signal;
const APPLICATION = 'trap "exit 0" TERM; env >> /data/env; touch /tmp/up; sleep infinity & wait';

(host === undefined ? describe.skip : describe)('the docker driver of a container (REHOME_TEST_DOCKER_HOST)', () => {
  const mark = randomBytes(3).toString('hex');
  const name = `rehome-test-${mark}`;
  const policy = { host, redactor: new Redactor() };
  let engine: Docker;
  let driver: ContainerDriver;
  let original: Docker.ContainerInspectInfo;

  const inspect = (of = name): Promise<Docker.ContainerInspectInfo> => engine.getContainer(of).inspect();
  const names = async (): Promise<string[]> => {
    const all = await engine.listContainers({ all: true, filters: JSON.stringify({ name: [name] }) });
    return all.flatMap(({ Names }) => Names).sort();
  };

  beforeAll(async () => {
    engine = connectEngine(policy);
    driver = new ContainerDriver(name, policy);
    await engine.createNetwork({ Name: `${name}-a`, Driver: 'bridge' });
    await engine.createNetwork({ Name: `${name}-b`, Driver: 'bridge' });
    const container = await engine.createContainer({
      name,
      Image: IMAGE,
      Cmd: ['sh', '-c', APPLICATION],
      Env: ['HOST=pool-2', 'KEEP=a=b c', 'PASSWORD=canary-old'],
      Labels: { 'com.example.team': 'shop' },
      Volumes: { '/data': {} },
      ExposedPorts: { '8069/tcp': {} },
      Healthcheck: {
        Test: ['CMD', 'test', '-e', '/tmp/up'],
        Interval: 200_000_000,
        Timeout: 1_000_000_000,
        Retries: 3,
      },
      HostConfig: {
        NetworkMode: `${name}-a`,
        RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
        Memory: 64 * 1024 * 1024,
        Tmpfs: { '/run/app': 'rw' },
      },
      NetworkingConfig: { EndpointsConfig: { [`${name}-a`]: { Aliases: ['shop'] } } },
    });
    await engine.getNetwork(`${name}-b`).connect({ Container: container.id, EndpointConfig: { Aliases: ['second'] } });
    await container.start();
    original = await inspect();
  }, 60_000);

  afterAll(async () => {
    for (const left of [name, `${name}-rehome-next`, `${name}-rehome-previous`])
      await engine
        .getContainer(left)
        .remove({ force: true, v: true })
        .catch(() => undefined);
    for (const network of [`${name}-a`, `${name}-b`])
      await engine
        .getNetwork(network)
        .remove()
        .catch(() => undefined);
  }, 60_000);

  it('tells state and health', async () => {
    const { healthyAfterMs } = await startUntilHealthy(driver, { service: name, signal });
    expect(healthyAfterMs).toBeGreaterThanOrEqual(0);
    expect(await driver.status(signal)).toMatchObject({ state: 'running', healthy: true, restarts: 0 });
  }, 60_000);

  it('refuses another environment while the container runs', async () => {
    await expect(driver.setEnvironment({ HOST: 'x' }, signal)).rejects.toMatchObject({ code: 'SERVICE_REFUSED' });
  });

  it('stops it and confirms that it is stopped, also when it is asked again [c13]', async () => {
    expect(await stopAndConfirm(driver, { service: name, signal })).toMatchObject({ confirmedState: 'exited' });
    await driver.stop(signal);
  }, 60_000);

  it('sets variables in a container that keeps everything else [c13]', async () => {
    await driver.setEnvironment({ HOST: 'dedicated-7', PASSWORD: 'canary-new', ADDED: '1' }, signal);
    await driver.setEnvironment({ HOST: 'dedicated-7', PASSWORD: 'canary-new', ADDED: '1' }, signal);
    const now = await inspect();
    expect(now.Id).not.toBe(original.Id);
    expect(now.Config.Env.filter((entry) => !entry.startsWith('PATH='))).toEqual([
      'HOST=dedicated-7',
      'KEEP=a=b c',
      'PASSWORD=canary-new',
      'ADDED=1',
    ]);
    const { Env: _now, Hostname: _nowName, ...config } = now.Config;
    const { Env: _then, Hostname: _thenName, ...configBefore } = original.Config;
    expect(config).toEqual(configBefore);
    expect({ ...now.HostConfig, Binds: null }).toEqual({ ...original.HostConfig, Binds: null });
    expect(now.Image).toBe(original.Image);
    expect(now.Mounts.map(({ Name, Destination }) => [Name, Destination])).toEqual(
      original.Mounts.map(({ Name, Destination }) => [Name, Destination]),
    );
    const aliases = ({ NetworkSettings, Id }: Docker.ContainerInspectInfo): unknown =>
      Object.entries(NetworkSettings.Networks).map(([network, { Aliases }]) => [
        network,
        ((Aliases ?? []) as string[]).filter((alias) => alias !== Id.slice(0, 12)),
      ]);
    expect(aliases(now)).toEqual(aliases(original));
    expect(await names()).toEqual([`/${name}`, `/${name}-rehome-previous`]);
    expect((await inspect(`${name}-rehome-previous`)).HostConfig.RestartPolicy?.Name).toBe('no');
  }, 60_000);

  it('gives the application its new environment and its old data', async () => {
    await startUntilHealthy(driver, { service: name, signal });
    const exec = await engine.getContainer(name).exec({ Cmd: ['cat', '/data/env'], AttachStdout: true, Tty: true });
    const stream = await exec.start({ Tty: true });
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
    const said = Buffer.concat(chunks).toString();
    expect(said).toContain('HOST=pool-2');
    expect(said).toContain('HOST=dedicated-7');
  }, 60_000);

  it('limits cpu and memory, and takes the limits back', async () => {
    await driver.resize({ cpu: 0.5, memory: '128Mi', storage: '1Gi' }, signal);
    expect((await inspect()).HostConfig).toMatchObject({ NanoCpus: 500_000_000, Memory: 128 * 1024 * 1024 });
    await driver.resize({ cpu: 0.25, memory: '64Mi' }, signal);
    expect((await inspect()).HostConfig).toMatchObject({ NanoCpus: 250_000_000, Memory: 64 * 1024 * 1024 });
  }, 60_000);

  it('goes back to the old container itself when the old variables are set again', async () => {
    await stopAndConfirm(driver, { service: name, signal });
    const first = await inspect();
    // ADDED was not there before, so this is another container, not the original one.
    await driver.setEnvironment({ HOST: 'pool-2', PASSWORD: 'canary-old' }, signal);
    expect((await inspect()).Config.Env).toEqual(
      expect.arrayContaining(['HOST=pool-2', 'PASSWORD=canary-old', 'ADDED=1']),
    );
    expect((await inspect(`${name}-rehome-previous`)).Id).toBe(first.Id);
    await driver.setEnvironment({ HOST: 'dedicated-7', PASSWORD: 'canary-new' }, signal);
    const back = await inspect();
    expect(back.Id).toBe(first.Id);
    expect(back.HostConfig.RestartPolicy?.Name).toBe('unless-stopped');
    expect(back.HostConfig).toMatchObject({ NanoCpus: 250_000_000 });
    expect(await names()).toEqual([`/${name}`]);
  }, 60_000);

  it('ends a change that died between its steps, wherever it died', async () => {
    const before = await inspect();
    // Died after the new one was made: it is made anew.
    await engine.createContainer({ name: `${name}-rehome-next`, Image: IMAGE, Cmd: ['false'] });
    await driver.setEnvironment({ HOST: 'third' }, signal);
    expect(await names()).toEqual([`/${name}`, `/${name}-rehome-previous`]);
    expect((await inspect()).Config.Env).toContain('HOST=third');
    // Died between the two renames: nothing has the name.
    const made = await inspect();
    await engine.getContainer(made.Id).rename({ name: `${name}-rehome-next` });
    expect(await driver.status(signal)).toEqual({ state: 'stopped' });
    await driver.setEnvironment({ HOST: 'third' }, signal);
    expect((await inspect()).Id).toBe(made.Id);
    // Died on the way back, the new one removed already.
    await engine.getContainer(made.Id).remove();
    await driver.start(signal);
    expect((await inspect()).Id).toBe(before.Id);
    expect(await driver.status(signal)).toMatchObject({ state: 'running' });
  }, 60_000);

  it('reads its log, refuses what is not there, and needs an engine that is named', async () => {
    expect(await driver.logs(new Date(0), signal)).toBe('');
    const none = new ContainerDriver(`${name}-none`, policy);
    await expect(none.status(signal)).rejects.toMatchObject({ code: 'SERVICE_REFUSED' });
    const away = new ContainerDriver(name, { ...policy, host: 'unix:///nowhere/docker.sock' });
    await expect(away.status(signal)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE' });
    expect(() => new ContainerDriver(name, { ...policy, host: undefined })).toThrow('REHOME_DOCKER_HOST');
  }, 60_000);
});
