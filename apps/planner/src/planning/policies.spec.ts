import { describe, expect, test } from '@jest/globals';
import type { PolicyDefinition } from '#shared/contracts/registry.js';
import { approvalOf } from './policies.js';

const plan = { kind: 'upgrade', reservations: ['instance:1', 'database:pool-2/odoo', 'service:odoo'] };
const request = { kind: 'upgrade', toPlan: 'premium' };
const policy = (match: PolicyDefinition['match'], more: Partial<PolicyDefinition> = {}): PolicyDefinition => ({
  name: 'production',
  match,
  approval: 'required',
  ...more,
});

const asking = (policies: readonly PolicyDefinition[], more: Partial<Parameters<typeof approvalOf>[1]> = {}) => ({
  request,
  registry: {},
  policies,
  ...more,
});

describe('a policy', () => {
  test.each<[string, PolicyDefinition['match'], boolean]>([
    ['without a list: every plan', {}, true],
    ['of this kind', { kinds: ['relocate', 'upgrade'] }, true],
    ['of another kind', { kinds: ['relocate'] }, false],
    ['of a server that the plan touches', { servers: ['pool-2'] }, true],
    ['of a server whose name only begins so', { servers: ['pool'] }, false],
    ['of the plan it leads to', { plans: ['premium'] }, true],
    ['of another plan', { plans: ['basic'] }, false],
    ['of everything but one', { kinds: ['upgrade'], servers: ['pool-2'], plans: ['basic'] }, false],
  ])('%s', (_what, match, matches) => {
    expect(approvalOf(plan, asking([policy(match)])) !== undefined).toBe(matches);
  });

  test.each([
    ['a tenant that is only resized', { instance: { server: 'pool-2' } }],
    ['a backup that is proved or kept longer', { backup: { server: 'pool-2' } }],
    ['backups that are removed', { remove: [{ server: 'pool-1' }, { server: 'pool-2' }] }],
  ])('of a server is about %s as well', (_what, registry) => {
    const held = { kind: 'any', reservations: ['backup:1', 'instance:1'] };
    const waits = (server: string) =>
      approvalOf(held, asking([policy({ servers: [server] })], { registry })) !== undefined;
    expect([waits('pool-2'), waits('pool-3')]).toEqual([true, false]);
  });

  test('is not escaped by a request that says it needs no approval', () => {
    const asked = { ...request, options: { approval: 'auto' } };
    expect(approvalOf(plan, asking([policy({})], { request: asked }))).toEqual({
      policies: ['production'],
      fourEyes: false,
    });
  });

  test('that was taken back asks for nothing', () => {
    expect(approvalOf(plan, asking([policy({}, { approval: 'none', fourEyes: true })]))).toBeUndefined();
  });

  test('with four eyes holds although another that matches does not ask for them', () => {
    const both = [policy({}), policy({ plans: ['premium'] }, { name: 'costly', fourEyes: true })];
    expect(approvalOf(plan, asking(both))).toEqual({ policies: ['costly', 'production'], fourEyes: true });
  });

  test('is not needed for a request that itself asks for an approval', () => {
    const asked = { ...request, options: { approval: 'required' } };
    expect(approvalOf(plan, asking([], { request: asked }))).toEqual({ policies: [], fourEyes: false });
  });
});
