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
    expect(approvalOf(plan, request, [policy(match)]) !== undefined).toBe(matches);
  });

  test('is not escaped by a request that says it needs no approval', () => {
    const asked = { ...request, options: { approval: 'auto' } };
    expect(approvalOf(plan, asked, [policy({})])).toEqual({ policies: ['production'], fourEyes: false });
  });

  test('that was taken back asks for nothing', () => {
    expect(approvalOf(plan, request, [policy({}, { approval: 'none', fourEyes: true })])).toBeUndefined();
  });

  test('with four eyes holds although another that matches does not ask for them', () => {
    const both = [policy({}), policy({ plans: ['premium'] }, { name: 'costly', fourEyes: true })];
    expect(approvalOf(plan, request, both)).toEqual({ policies: ['costly', 'production'], fourEyes: true });
  });

  test('is not needed for a request that itself asks for an approval', () => {
    const asked = { ...request, options: { approval: 'required' } };
    expect(approvalOf(plan, asked, [])).toEqual({ policies: [], fourEyes: false });
  });
});
