import { describe, expect, it } from '@jest/globals';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { ServiceDriver, ServiceState } from './service-driver.js';
import { startUntilHealthy, stopAndConfirm } from './service-waits.js';

const options = { service: 'odoo-acme', pollMs: 1, timeoutMs: 60_000, signal: new AbortController().signal };
const impatient = { ...options, timeoutMs: 200 };

/** Says the states of a list, the last one for ever. */
function scripted(...states: (ServiceState | RehomeError)[]): ServiceDriver & { calls: string[] } {
  const calls: string[] = [];
  const note = (call: string) => (): Promise<void> => {
    calls.push(call);
    return Promise.resolve();
  };
  return {
    calls,
    stop: note('stop'),
    start: note('start'),
    setEnvironment: note('environment'),
    resize: note('resources'),
    logs: () => Promise.resolve(''),
    status: () => {
      const state = states.length > 1 ? states.shift() : states[0];
      return state instanceof RehomeError ? Promise.reject(state) : Promise.resolve(state ?? { state: 'unknown' });
    },
  };
}

const away = new RehomeError('SERVICE_UNREACHABLE', 'no answer');

describe('stopping a service', () => {
  it('is done only when the service says that it is stopped [c6]', async () => {
    const driver = scripted(
      { state: 'running' },
      { state: 'running' },
      away,
      { state: 'stopping' },
      { state: 'stopped' },
    );
    expect(await stopAndConfirm(driver, options)).toEqual({ stateBefore: 'running', confirmedState: 'stopped' });
    expect(driver.calls).toEqual(['stop']);
  });

  it('asks nothing of a service that is stopped', async () => {
    const driver = scripted({ state: 'stopped' });
    expect(await stopAndConfirm(driver, options)).toEqual({ stateBefore: 'stopped', confirmedState: 'stopped' });
    expect(driver.calls).toEqual([]);
  });

  it('fails when the service does not stop in time, and says its last state [c6]', async () => {
    await expect(stopAndConfirm(scripted({ state: 'stopping' }), impatient)).rejects.toMatchObject({
      code: 'SERVICE_NOT_STOPPED',
      message: expect.stringContaining('odoo-acme was asked to stop and was "stopping" after 200 ms'),
    });
  });

  it('does not take silence for stopped', async () => {
    await expect(stopAndConfirm(scripted({ state: 'running' }, away), impatient)).rejects.toMatchObject({
      code: 'SERVICE_NOT_STOPPED',
    });
  });
});

describe('starting a service', () => {
  it('waits until the application is healthy, not only running [c16]', async () => {
    const driver = scripted({ state: 'exited', exitCode: 1 }, { state: 'running', healthy: false }, away, {
      state: 'running',
      healthy: true,
    });
    const { state, healthyAfterMs } = await startUntilHealthy(driver, options);
    expect(state).toBe('running');
    expect(healthyAfterMs).toBeGreaterThanOrEqual(0);
  });

  it('fails at once when the application ends by itself, with its exit code [c14] [c25]', async () => {
    const started = startUntilHealthy(scripted({ state: 'exited', exitCode: 255 }), options);
    await expect(started).rejects.toMatchObject({
      code: 'SERVICE_NOT_HEALTHY',
      facts: { exitCode: 255 },
      message: expect.stringContaining('"exited" with code 255 at once'),
    });
  });

  it('fails when it is not healthy in time [c16]', async () => {
    await expect(startUntilHealthy(scripted({ state: 'running', healthy: false }), impatient)).rejects.toMatchObject({
      code: 'SERVICE_NOT_HEALTHY',
      message: expect.stringContaining('was "running", not healthy after 200 ms'),
    });
  });

  it('ends when it is told to', async () => {
    const controller = new AbortController();
    const waiting = startUntilHealthy(scripted({ state: 'starting' }), {
      ...options,
      pollMs: 60_000,
      signal: controller.signal,
    });
    controller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow();
  });
});
