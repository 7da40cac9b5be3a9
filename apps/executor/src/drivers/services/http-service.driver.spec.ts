import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StubServer } from '../../../../../test/harness/stub-server.js';
import { HttpServiceDriver } from './http-service.driver.js';

const { signal } = new AbortController();

describe('the http service driver', () => {
  let stub: StubServer;
  let driver: HttpServiceDriver;

  beforeEach(async () => {
    stub = await StubServer.start();
    driver = new HttpServiceDriver(`${stub.url}/services/acme`, { allowedHosts: ['127.0.0.1'], timeoutMs: 2_000 });
  });

  afterEach(() => stub.stop());

  it('speaks the verbs of the contract', async () => {
    stub.answer({ body: '{"state":"running","healthy":true,"restarts":2,"more":1}' });
    await driver.stop(signal);
    await driver.start(signal);
    expect(await driver.status(signal)).toEqual({ state: 'running', healthy: true, restarts: 2 });
    await driver.setEnvironment({ HOST: 'x' }, signal);
    await driver.resize({ cpu: 2, memory: '4Gi' }, signal);
    await driver.logs(new Date('2026-11-21T01:02:03Z'), signal);
    expect(stub.seen.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/services/acme/stop', ''],
      ['POST', '/services/acme/start', ''],
      ['GET', '/services/acme/status', ''],
      ['PUT', '/services/acme/environment', '{"HOST":"x"}'],
      ['PUT', '/services/acme/resources', '{"cpu":2,"memory":"4Gi"}'],
      ['GET', '/services/acme/logs?since=2026-11-21T01%3A02%3A03.000Z', ''],
    ]);
  });

  it('asks again while nobody answers, and then goes on', async () => {
    stub.answer('drop', { status: 503 }, { body: '{"state":"stopped"}' });
    expect(await driver.status(signal)).toEqual({ state: 'stopped' });
  });

  it('gives up after a bounded number of tries', async () => {
    stub.answer({ status: 500 });
    await expect(driver.stop(signal)).rejects.toMatchObject({ code: 'SERVICE_UNREACHABLE', facts: { status: 500 } });
    expect(stub.seen).toHaveLength(3);
  });

  it('does not ask again what was refused', async () => {
    stub.answer({ status: 409, body: 'canary' });
    const refused = driver.setEnvironment({ PASSWORD: 'canary' }, signal);
    await expect(refused).rejects.toMatchObject({
      code: 'SERVICE_REFUSED',
      message: expect.not.stringContaining('canary'),
    });
    expect(stub.seen).toHaveLength(1);
  });

  it('does not follow a redirect', async () => {
    stub.answer({ status: 302, headers: { location: `${stub.url}/elsewhere` } });
    await expect(driver.status(signal)).rejects.toMatchObject({
      code: 'SERVICE_REFUSED',
      message: expect.stringContaining('redirect'),
    });
    expect(stub.seen).toHaveLength(1);
  });

  it.each([
    ['no JSON', '<html>'],
    ['no state', '{}'],
    ['a list', '[]'],
    ['a state that is no text', '{"state":1}'],
    ['nothing', ''],
    ['too much', JSON.stringify({ state: 'x', filler: 'y'.repeat(70_000) })],
  ])('says clearly that an answer with %s cannot be used', async (_, body) => {
    stub.answer({ body });
    await expect(driver.status(signal)).rejects.toMatchObject({ code: 'SERVICE_ANSWER_INVALID' });
  });

  it('gives up on an answer that does not come', async () => {
    stub.answer('hang');
    const quick = new HttpServiceDriver(stub.url, { allowedHosts: ['127.0.0.1'], timeoutMs: 50, attempts: 1 });
    await expect(quick.status(signal)).rejects.toMatchObject({
      code: 'SERVICE_UNREACHABLE',
      message: expect.stringContaining('timed out'),
    });
  });

  it('ends a call when it is told to', async () => {
    stub.answer('hang');
    const controller = new AbortController();
    const waiting = driver.status(controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://localhost.evil.example',
    'file:///etc/passwd',
    'http://127.0.0.1@evil.example',
    'nonsense',
  ])('does not call %s, which is not configured', async (url) => {
    const other = new HttpServiceDriver(url, { allowedHosts: ['127.0.0.1', 'localhost'] });
    await expect(other.status(signal)).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' });
  });

  it('holds an allowed host with a port to that port', async () => {
    stub.answer({ body: '{"state":"running"}' });
    const allowed = new HttpServiceDriver(stub.url, { allowedHosts: [`127.0.0.1:${String(stub.port)}`] });
    expect(await allowed.status(signal)).toEqual({ state: 'running' });
    const other = new HttpServiceDriver('http://127.0.0.1:1', { allowedHosts: [`127.0.0.1:${String(stub.port)}`] });
    await expect(other.status(signal)).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' });
  });

  it('does not call an address with a password in it, nor repeats it', async () => {
    const told = new HttpServiceDriver('http://user:canary@127.0.0.1', { allowedHosts: ['127.0.0.1'] }).status(signal);
    await expect(told).rejects.toMatchObject({
      code: 'ADDRESS_NOT_ALLOWED',
      message: expect.not.stringContaining('canary'),
    });
  });
});
