import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import type { Step } from '../running/step.js';
import { provisionServer } from './provisioning/provision-server.step.js';
import { describePlanWith } from './planning/describe-plan.step.js';
import { editConfig } from './service/edit-config.step.js';
import { resizeService } from './service/resize-service.step.js';
import { setEnvironment } from './service/set-environment.step.js';
import { stopService } from './service/stop-service.step.js';

/** Every kind of step this executor runs. A kind without an entry does not compile. */
export const STEPS: { readonly [K in StepKind]: Step<K> } = {
  'provision-server': provisionServer,
  'describe-plan': describePlanWith((kind) => STEPS[kind].describe.bind(STEPS[kind])),
  'edit-config': editConfig,
  'resize-service': resizeService,
  'set-environment': setEnvironment,
  'stop-service': stopService,
};

export function stepOf(kind: StepKind): Step<StepKind> {
  return STEPS[kind];
}
