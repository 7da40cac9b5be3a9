import type { PlannedStep } from '#shared/contracts/plan.js';
import type { DatabaseAddress, ServiceDefinition } from '#shared/contracts/registry.js';
import { inSequence, type UnplacedStep } from '../recipe.js';
import { cutoverSteps, prepareSteps } from './move-copy-steps.js';
import { verifiedCopy, type MoveParts } from './move-parts.js';
import { retireStep, switchSteps } from './move-switch-steps.js';

/** A move from the first judgement to the source put aside; `before` are the steps that make its target. */
export function moveSteps(parts: MoveParts, before: readonly UnplacedStep[] = []): PlannedStep[] {
  const { source, service, target, sourceSite } = parts;
  return inSequence([
    ...before,
    ...prepareSteps(parts),
    ...cutoverSteps(parts),
    ...(service === undefined ? [] : switchSteps({ service, source, target, verified: verifiedCopy })),
    retireStep(source, sourceSite),
  ]);
}

/** Everything that another migration must leave alone meanwhile. */
export function reservationsOf(parts: {
  readonly instanceId?: string | undefined;
  readonly databases: readonly DatabaseAddress[];
  readonly service?: ServiceDefinition | undefined;
}): string[] {
  const { instanceId, databases, service } = parts;
  return [
    ...(instanceId === undefined ? [] : [`instance:${instanceId}`]),
    ...databases.map(({ server, database }) => `database:${server.name}/${database}`),
    ...(service === undefined ? [] : [`service:${service.name}`]),
    ...filesOf(service).map((path) => `file:${path}`),
  ];
}

/** Each once: two entries may name keys of the same file. */
function filesOf(service: ServiceDefinition | undefined): string[] {
  const { configFiles = [], secretFile } = service ?? {};
  const paths = [...configFiles, ...(secretFile === undefined ? [] : [secretFile])].map(({ path }) => path);
  return [...new Set(paths)];
}
