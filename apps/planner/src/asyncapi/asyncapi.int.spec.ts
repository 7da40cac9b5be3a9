import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asyncApiProblems } from '../../../../test/harness/asyncapi-problems.js';
import { PlannerRig } from '../../../../test/harness/planner-rig.js';

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start();
});
afterAll(() => rig?.close());

describe('/asyncapi.json', () => {
  it('is served to everybody, valid, and describes the requests by the classes that validate them', async () => {
    const { status, json } = await rig.call('GET', '/asyncapi.json', { role: 'nobody' });
    expect(status).toBe(200);
    expect(await asyncApiProblems(json as object)).toEqual([]);
    expect(json).toMatchObject({
      asyncapi: '3.0.0',
      components: {
        messages: {
          request: { payload: { oneOf: expect.arrayContaining([{ $ref: '#/components/schemas/UpgradeRequest' }]) } },
        },
        schemas: { UpgradeRequest: { required: expect.arrayContaining(['kind', 'instanceId', 'toPlan']) } },
      },
    });
  });
});
