import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDockerHost } from '../../../../../test/harness/servers/docker-engine.js';
import { Redactor } from '../../secrets/redact.js';
import { startUntilHealthy, stopAndConfirm } from '../services/service-waits.js';
import { connectEngine } from './docker-engine.js';
import { SwarmServiceDriver } from './swarm-service.driver.js';

const host = testDockerHost();
const signal = new AbortController().signal;
const APPLICATION = 'trap "exit 0" TERM; echo "connected to $HOST"; sleep infinity & wait';

interface Inspected {
  readonly Spec: {
    readonly Labels: Readonly<Record<string, string>>;
    readonly Mode: { readonly Replicated: { readonly Replicas: number } };
    readonly TaskTemplate: {
      readonly ForceUpdate: number;
      readonly ContainerSpec: { readonly Env: readonly string[] } & Readonly<Record<string, unknown>>;
      readonly Resources: { readonly Limits: Readonly<Record<string, number>> };
    };
  };
}

(host === undefined ? describe.skip : describe)(
  'the docker driver of a swarm service (REHOME_TEST_DOCKER_HOST)',
  () => {
    const name = `rehome-test-${randomBytes(3).toString('hex')}`;
    const policy = { host, redactor: new Redactor() };
    let engine: Docker;
    let driver: SwarmServiceDriver;
    let original: Inspected['Spec'];

    const spec = async (): Promise<Inspected['Spec']> => {
      const found = (await engine.getService(name).inspect()) as unknown as Inspected;
      return found.Spec;
    };

    beforeAll(async () => {
      engine = connectEngine(policy);
      driver = new SwarmServiceDriver(name, policy);
      await engine.createService({
        Name: name,
        Labels: { 'com.example.team': 'shop' },
        TaskTemplate: {
          ContainerSpec: {
            Image: 'debian:bookworm-slim',
            Command: ['sh', '-c', APPLICATION],
            Env: ['HOST=pool-2', 'KEEP=a=b c', 'PASSWORD=canary-old'],
            Labels: { role: 'application' },
          },
          Resources: { Limits: { MemoryBytes: 64 * 1024 * 1024 } },
        },
        Mode: { Replicated: { Replicas: 2 } },
      });
      original = await spec();
    }, 60_000);

    afterAll(async () => {
      await engine
        .getService(name)
        .remove()
        .catch(() => undefined);
    }, 60_000);

    it('is healthy when every replica runs', async () => {
      const { healthyAfterMs } = await startUntilHealthy(driver, { service: name, signal });
      expect(healthyAfterMs).toBeGreaterThanOrEqual(0);
      expect(await driver.status(signal)).toMatchObject({ state: 'running', healthy: true });
    }, 120_000);

    it('is stopped by no replicas, also when it is asked again [c13]', async () => {
      expect(await stopAndConfirm(driver, { service: name, signal })).toMatchObject({ confirmedState: 'stopped' });
      await driver.stop(signal);
      expect((await spec()).Mode.Replicated.Replicas).toBe(0);
    }, 120_000);

    it('gets variables, keeps everything else and is made to start anew [c13]', async () => {
      await driver.setEnvironment({ HOST: 'dedicated-7', PASSWORD: 'canary-new' }, signal);
      await driver.setEnvironment({ HOST: 'dedicated-7', PASSWORD: 'canary-new' }, signal);
      const now = await spec();
      const { Env, ...container } = now.TaskTemplate.ContainerSpec;
      const { Env: _before, ...containerBefore } = original.TaskTemplate.ContainerSpec;
      expect(Env).toEqual(['HOST=dedicated-7', 'KEEP=a=b c', 'PASSWORD=canary-new']);
      expect(container).toEqual(containerBefore);
      expect(now.TaskTemplate.ForceUpdate).toBe(1);
      expect(now.Labels).toMatchObject({ 'com.example.team': 'shop' });
    }, 60_000);

    it('comes back with as many replicas as it had, and tells what it printed', async () => {
      const since = new Date();
      await startUntilHealthy(driver, { service: name, signal });
      expect(await spec()).toMatchObject({ Mode: { Replicated: { Replicas: 2 } }, Labels: original.Labels });
      expect(await driver.logs(since, signal)).toContain('connected to dedicated-7');
    }, 120_000);

    it('limits cpu and memory', async () => {
      await driver.resize({ cpu: 0.5, memory: '128Mi', storage: '1Gi' }, signal);
      const { Limits } = (await spec()).TaskTemplate.Resources;
      expect(Limits).toMatchObject({ NanoCPUs: 500_000_000, MemoryBytes: 128 * 1024 * 1024 });
    }, 60_000);

    it('refuses a name that the swarm does not know', async () => {
      const unknown = new SwarmServiceDriver(`${name}-x`, policy);
      await expect(unknown.status(signal)).rejects.toMatchObject({ code: 'SERVICE_REFUSED' });
    });
  },
);
