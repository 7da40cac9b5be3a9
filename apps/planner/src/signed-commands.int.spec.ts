import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createPublicKey } from 'node:crypto';
import { CommandKeys } from '#shared/signing/command-signature.js';
import { PlannerRig } from '../../../test/harness/planner-rig.js';

let rig: PlannerRig;
beforeAll(async () => {
  rig = await PlannerRig.start();
  await rig.seedRegistry();
}, 60_000);
afterAll(async () => {
  await rig?.close();
});

it('signs every command and nothing else, so that executors can tell it from a forged one', async () => {
  const { migrationId } = (await rig.upgrade(await rig.seedTenant())).json;
  await rig.event(migrationId, 'StepCommanded');
  await rig.call('POST', `/v1/migrations/${migrationId}/cancel`, { body: {} });
  await rig.event(migrationId, 'StepCancelCommanded');
  const keys = new CommandKeys([createPublicKey(rig.config.signingKey)]);
  const signed = (await rig.events(migrationId)).filter(({ metadata }) => metadata.signature !== undefined);
  expect(signed.map(({ type }) => type)).toEqual(['StepCommanded', 'StepCancelCommanded']);
  expect(signed.map((event) => keys.refusalOf(event, event.metadata.signature))).toEqual([undefined, undefined]);
});
