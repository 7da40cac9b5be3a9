import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Plan } from '#shared/contracts/plan.js';
import { passInspection, startWithMovableTenants } from '../../../../test/harness/planned-upgrades.js';
import type { PlannerRig } from '../../../../test/harness/planner-rig.js';

interface PlanBody {
  readonly planId: string;
  readonly status: string;
  readonly planHash: string;
  readonly plan: Plan;
  readonly steps: readonly { readonly id: string; readonly title: string; readonly lines: readonly object[] }[];
}

let rig: PlannerRig;
beforeAll(async () => {
  rig = await startWithMovableTenants();
});
afterAll(() => rig?.close());

/** The newest migration or dry run of a tenant. */
async function newestOf(instanceId: string): Promise<string> {
  let found: string | undefined;
  await rig.until(async () => {
    const { reader } = rig.ledger.planner;
    const events = await reader.read({ after: 0n as never, limit: 10_000, types: ['MigrationRequested'] });
    const asked = events.findLast(
      (e) => e.type === 'MigrationRequested' && e.data.subject === `instance:${instanceId}`,
    );
    found = asked?.type === 'MigrationRequested' ? asked.data.migrationId : undefined;
    return found !== undefined;
  });
  return found ?? '';
}

describe('a dry run', () => {
  it('answers the plan with what each step would say, and changes nothing', async () => {
    const instanceId = await rig.seedTenant();
    const body = { kind: 'upgrade', instanceId, toPlan: 'premium' };
    const asked = rig.call('POST', '/v1/plans', { role: 'requester', body });
    const migrationId = await newestOf(instanceId);
    await passInspection(rig, migrationId);
    const { params } = await rig.commanded(migrationId, 'describe-plan');
    const { steps } = params['plan'] as unknown as Plan;
    const described = steps.map((step) => ({
      stepId: step.id,
      lines: [{ tool: 'sql', at: 'pool-1', text: `-- ${step.id}` }],
    }));
    await rig.succeed(migrationId, 'describe-plan', { steps: described });
    const answer = await asked;
    expect(answer.status).toBe(200);
    const plan = answer.json as never as PlanBody;
    expect(plan).toMatchObject({
      planId: migrationId,
      status: 'completed',
      planHash: expect.stringMatching(/[0-9a-f]{64}$/),
    });
    expect(plan.steps.map((step) => step.id)).toEqual(plan.plan.steps.map((step) => step.id));
    for (const step of plan.steps) expect(step.lines).toEqual([{ tool: 'sql', at: 'pool-1', text: `-- ${step.id}` }]);
    const events = await rig.events(migrationId);
    const commanded = events.flatMap((event) => (event.type === 'StepCommanded' ? [event.data.kind] : []));
    expect(commanded).toEqual(['inspect-move', 'describe-plan']);
    expect(
      await rig.ledger.query('select subject from planner.reservation where migration_id = $1', [migrationId]),
    ).toEqual([]);
  });
});

describe('a plan that needs an approval', () => {
  it('waits for the hash of this very plan, and goes on with it [c5]', async () => {
    const instanceId = await rig.seedTenant();
    const { json } = await rig.upgrade(instanceId, { options: { approval: 'required' } });
    const { migrationId } = json;
    await passInspection(rig, migrationId);
    const { data } = await rig.event(migrationId, 'PlanCompiled');
    const waiting = (await rig.call('GET', `/v1/migrations/${migrationId}`)).json;
    expect(waiting).toMatchObject({ status: 'awaiting-approval', planHash: data.planHash });
    const approve = (planHash: string) =>
      rig.call('POST', `/v1/migrations/${migrationId}/approve`, { role: 'approver', body: { planHash } });
    expect((await approve('0'.repeat(64))).json).toMatchObject({ status: 409, code: 'STATE_CONFLICT' });
    expect((await approve(data.planHash)).status).toBe(202);
    expect(await rig.event(migrationId, 'PlanApproved')).toMatchObject({
      data: { approvedBy: 'key:approver', planHash: data.planHash },
    });
    await rig.commanded(migrationId, 'provision-server');
    expect((await approve(data.planHash)).json).toMatchObject({ status: 409 });
  });

  it('can be paused and resumed before the application is stopped', async () => {
    const { json } = await rig.upgrade(await rig.seedTenant({ database: 'shop_globex' }));
    const { migrationId } = json;
    await passInspection(rig, migrationId);
    await rig.commanded(migrationId, 'provision-server');
    const act = (action: string) => rig.call('POST', `/v1/migrations/${migrationId}/${action}`);
    expect((await act('resume')).json).toMatchObject({ status: 409 });
    expect((await act('pause')).json).toMatchObject({ status: 'paused' });
    expect((await act('pause')).json).toMatchObject({ status: 409 });
    expect((await act('resume')).json).toMatchObject({ status: 'migrating' });
  });
});
