import type {
  ConfigFileDefinition,
  DatabaseAddress,
  SecretFileDefinition,
  SecretRef,
} from '#shared/contracts/registry.js';
import type { StartServiceParams } from '#shared/contracts/steps/service-steps.js';
import { resultOf, type StepReference, type WithReferences } from '../from-step.js';
import { planStep, type UnplacedStep } from '../recipe.js';
import { connectionTo, type MovedService, type MoveTarget } from './move-parts.js';
import { SHORT_TIMEOUT_MS, startTimeoutMs } from './move-timeouts.js';

/** How long the application must stay up before its move counts as proved. */
const STABLE_FOR_MS = 3_000;

/** An application on its way from one database to another. */
export interface Switch {
  readonly service: MovedService;
  /** Where no session of it may be left. */
  readonly source: DatabaseAddress;
  readonly target: MoveTarget;
  /** What the target must still be when the start is taken back. */
  readonly verified: WithReferences<NonNullable<StartServiceParams['verified']>>;
}

/** Points the application to the target, starts it and proves where it connects. */
export function switchSteps(parts: Switch): UnplacedStep[] {
  const { definition, resize } = parts.service;
  return [
    ...definition.configFiles.map((file, index) => editStep(parts, file, index)),
    ...secretFileSteps(parts),
    ...(definition.environment === undefined ? [] : [environmentStep(parts)]),
    // Before the start: resources that change later would cost a second restart.
    ...(resize === undefined ? [] : [resizeStep(parts.service, resize)]),
    startStep(parts),
    connectionsStep(parts),
  ];
}

/** After the point of no return: the source is kept, fenced, under another name. */
export function retireStep(source: DatabaseAddress, site: string | undefined): UnplacedStep {
  return planStep({
    kind: 'retire-source',
    params: { source, captured: resultOf('capture-source') },
    title: `put ${source.database} on ${source.server.name} aside, fenced and kept`,
    phase: 'finish',
    timeoutMs: SHORT_TIMEOUT_MS,
    // Whose mark it carried is kept in the work root.
    site,
  });
}

function editStep({ service, target }: Switch, file: ConfigFileDefinition, index: number): UnplacedStep {
  return planStep({
    kind: 'edit-config',
    id: index === 0 ? 'edit-config' : `edit-config-${String(index + 1)}`,
    params: { file, connection: connectionTo(target) },
    title: `edit ${Object.values(file.keys).join(', ')} in ${file.path}`,
    phase: 'switch',
    down: true,
    timeoutMs: SHORT_TIMEOUT_MS,
    site: service.definition.site,
  });
}

/** The password stays as it is where no reference to it is known. */
function secretFileSteps({ service, target }: Switch): UnplacedStep[] {
  const { secretFile, site } = service.definition;
  if (secretFile === undefined || target.secretRef === undefined) return [];
  return [secretFileStep(secretFile, target.secretRef, site)];
}

function secretFileStep(
  file: SecretFileDefinition,
  secretRef: SecretRef | StepReference<SecretRef>,
  site: string | undefined,
): UnplacedStep {
  return planStep({
    kind: 'write-secret-file',
    params: { file, secretRef },
    title: `write the password to ${file.path}`,
    phase: 'switch',
    down: true,
    timeoutMs: SHORT_TIMEOUT_MS,
    site,
  });
}

function environmentStep({ service, target }: Switch): UnplacedStep {
  const { definition, previous } = service;
  return planStep({
    kind: 'set-environment',
    params: { service: definition, connection: connectionTo(target), previous },
    title: `set the environment of ${definition.name}`,
    phase: 'switch',
    down: true,
    timeoutMs: SHORT_TIMEOUT_MS,
    site: definition.site,
  });
}

function resizeStep({ definition }: MovedService, resize: NonNullable<MovedService['resize']>): UnplacedStep {
  const { plan, resources, previous } = resize;
  return planStep({
    kind: 'resize-service',
    params: { service: definition, resources, previous },
    title: `give ${definition.name} the resources of ${plan}`,
    phase: 'switch',
    down: true,
    timeoutMs: SHORT_TIMEOUT_MS,
    site: definition.site,
  });
}

function startStep({ service: { definition }, target, verified }: Switch): UnplacedStep {
  return planStep({
    kind: 'start-service',
    params: { service: definition, target: { server: target.server, database: target.database }, verified },
    title: `start service ${definition.name} and wait until it is healthy`,
    phase: 'switch',
    down: true,
    pointOfNoReturn: 'commanded',
    timeoutMs: startTimeoutMs(definition),
    site: definition.site,
  });
}

function connectionsStep({ service: { definition }, source, target }: Switch): UnplacedStep {
  return planStep({
    kind: 'verify-connections',
    params: {
      source,
      target: { server: target.server, database: target.database },
      role: target.role,
      service: definition,
      stableForMs: STABLE_FOR_MS,
    },
    title: `see that ${definition.name} connects to ${target.place} only`,
    phase: 'switch',
    pointOfNoReturn: 'passed',
    timeoutMs: SHORT_TIMEOUT_MS,
    site: definition.site,
  });
}
