import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redactor } from '../../secrets/redact.js';
import { StubServer } from '../../../../../test/harness/stub-server.js';
import { idempotencyKeyOf, ProvisionerClient } from './provisioner.client.js';

const { signal } = new AbortController();
const ANSWER = {
  db_server_id: 'dedicated-7',
  db_host: 'pg-7',
  db_port: 50123,
  db_user: 'acme',
  db_password: 'canary-7',
};

describe('the provisioner client', () => {
  let stub: StubServer;
  let redactor: Redactor;
  let client: ProvisionerClient;

  const clientWith = (more: { timeoutMs?: number; canDeprovision?: boolean; url?: string } = {}): ProvisionerClient =>
    new ProvisionerClient({ url: stub.url, allowedHosts: ['127.0.0.1'], redactor, canDeprovision: true, ...more });

  beforeEach(async () => {
    stub = await StubServer.start();
    redactor = new Redactor();
    client = clientWith();
  });

  afterEach(() => stub.stop());

  it('asks for a dedicated server with an idempotency key and reads the five fields [c8]', async () => {
    stub.answer({ body: JSON.stringify({ ...ANSWER, more: true }) });
    const key = idempotencyKeyOf({ migrationId: 'm', stepId: 'provision', generation: 2 });
    expect(await client.provision('46784872-0000-4000-8000-000000000000', key, signal)).toEqual({
      dbServerId: 'dedicated-7',
      host: 'pg-7',
      port: 50123,
      user: 'acme',
      password: 'canary-7',
    });
    expect(stub.seen).toEqual([
      expect.objectContaining({
        method: 'POST',
        path: '/api/database/provision-dedicated',
        body: '{"instance_id":"46784872-0000-4000-8000-000000000000"}',
        headers: expect.objectContaining({ 'idempotency-key': 'm/provision/2' }),
      }),
    ]);
  });

  it('has the password cleaned from texts from then on [c22]', async () => {
    stub.answer({ body: JSON.stringify(ANSWER) });
    await client.provision('i', 'k', signal);
    expect(redactor.clean('login with canary-7')).toBe('login with [redacted]');
  });

  it('takes a number for a server id', async () => {
    stub.answer({ body: JSON.stringify({ ...ANSWER, db_server_id: 7 }) });
    expect((await client.provision('i', 'k', signal)).dbServerId).toBe('7');
  });

  it.each([
    ['500', { status: 500, body: 'canary-7' }, 'PROVISIONER_UNAVAILABLE'],
    ['429', { status: 429 }, 'PROVISIONER_UNAVAILABLE'],
    ['a dropped connection', 'drop', 'PROVISIONER_UNAVAILABLE'],
    ['no answer in time', 'hang', 'PROVISIONER_UNAVAILABLE'],
    ['400', { status: 400, body: 'canary-7' }, 'PROVISIONER_REFUSED'],
    ['a redirect', { status: 307, headers: { location: '/x' } }, 'PROVISIONER_REFUSED'],
    ['no JSON', { body: 'canary-7' }, 'PROVISIONER_ANSWER_INVALID'],
    ['nothing', {}, 'PROVISIONER_ANSWER_INVALID'],
    ['a missing field', { body: JSON.stringify({ ...ANSWER, db_host: undefined }) }, 'PROVISIONER_ANSWER_INVALID'],
    ['a port out of range', { body: JSON.stringify({ ...ANSWER, db_port: 70_000 }) }, 'PROVISIONER_ANSWER_INVALID'],
    [
      'an object for a password',
      { body: JSON.stringify({ ...ANSWER, db_password: { x: 'canary-7' } }) },
      'PROVISIONER_ANSWER_INVALID',
    ],
    ['too much', { body: JSON.stringify({ ...ANSWER, filler: 'x'.repeat(70_000) }) }, 'PROVISIONER_ANSWER_INVALID'],
  ] as const)('answers %s with %s', async (name, reply, code) => {
    stub.answer(reply);
    const asked = clientWith(name === 'no answer in time' ? { timeoutMs: 1_000 } : {}).provision('i', 'k', signal);
    await expect(asked).rejects.toMatchObject({ code, message: expect.not.stringContaining('canary') });
    expect(stub.seen).toHaveLength(1);
  });

  it('names the fields that cannot be used', async () => {
    stub.answer({ body: '{"db_server_id":"x"}' });
    await expect(client.provision('i', 'k', signal)).rejects.toMatchObject({
      message: expect.stringMatching(/db_host.*db_port.*db_user.*db_password/),
    });
  });

  it('gives a server back once, and finds it gone the second time', async () => {
    stub.answer({ status: 200 }, { status: 404 });
    expect(await client.deprovision('dedicated-7', signal)).toBe('deprovisioned');
    expect(await client.deprovision('dedicated-7', signal)).toBe('deprovisioned');
    expect(stub.seen[0]).toMatchObject({ path: '/api/database/deprovision', body: '{"db_server_id":"dedicated-7"}' });
  });

  it('leaves a server where deprovisioning is not configured', async () => {
    expect(await clientWith({ canDeprovision: false }).deprovision('dedicated-7', signal)).toBe('not-configured');
    expect(stub.seen).toEqual([]);
  });

  it('calls only configured hosts', async () => {
    await expect(clientWith({ url: 'http://evil.example' }).provision('i', 'k', signal)).rejects.toMatchObject({
      code: 'ADDRESS_NOT_ALLOWED',
    });
  });
});
