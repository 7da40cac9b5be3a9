import type { ConfigFileDefinition, SecretFileDefinition } from '#shared/contracts/registry.js';
import type { PreviousConnection } from '#shared/contracts/steps/service-steps.js';
import { resultOf } from '../from-step.js';
import { planStep, type UnplacedStep } from '../recipe.js';
import { resourcesOf, targetConnection, targetRole, targetServer, type MoveParts } from './move-parts.js';
import { SHORT_TIMEOUT_MS, startTimeoutMs } from './move-timeouts.js';
import { resizable } from './resize-steps.js';

/** How long the application must stay up before its move counts as proved. */
const STABLE_FOR_MS = 3_000;

/** Points the application to the target, starts it and proves where it connects. */
export function switchSteps(parts: MoveParts): UnplacedStep[] {
  const { configFiles, secretFile, environment } = parts.registry.service;
  return [
    ...configFiles.map((file, index) => editStep(parts, file, index)),
    ...(secretFile === undefined ? [] : [secretFileStep(parts, secretFile)]),
    ...(environment === undefined ? [] : [environmentStep(parts)]),
    // Before the start: resources that change later would cost a second restart.
    ...(resizable(parts.registry) ? [resizeStep(parts)] : []),
    startStep(parts),
    connectionsStep(parts),
  ];
}

/** After the point of no return: the source is kept, fenced, under another name. */
export function retireStep({ source }: MoveParts): UnplacedStep {
  return planStep({
    kind: 'retire-source',
    params: { source, captured: resultOf('capture-source') },
    title: `put ${source.database} on ${source.server.name} aside, fenced and kept`,
    phase: 'finish',
    timeoutMs: SHORT_TIMEOUT_MS,
  });
}

function editStep({ source, serviceSite }: MoveParts, file: ConfigFileDefinition, index: number): UnplacedStep {
  return planStep({
    kind: 'edit-config',
    id: index === 0 ? 'edit-config' : `edit-config-${String(index + 1)}`,
    params: { file, connection: targetConnection(source.database) },
    title: `edit ${Object.values(file.keys).join(', ')} in ${file.path}`,
    phase: 'switch',
    down: true,
    timeoutMs: SHORT_TIMEOUT_MS,
    site: serviceSite,
  });
}

function secretFileStep({ serviceSite, source }: MoveParts, file: SecretFileDefinition): UnplacedStep {
  return planStep({
    kind: 'write-secret-file',
    params: { file, secretRef: targetConnection(source.database).secretRef },
    title: `write the password to ${file.path}`,
    phase: 'switch',
    down: true,
    timeoutMs: SHORT_TIMEOUT_MS,
    site: serviceSite,
  });
}

function environmentStep({ registry, source, serviceSite }: MoveParts): UnplacedStep {
  const { service } = registry;
  return planStep({
    kind: 'set-environment',
    params: { service, connection: targetConnection(source.database), previous: previousConnection(registry) },
    title: `set the environment of ${service.name}`,
    phase: 'switch',
    down: true,
    timeoutMs: SHORT_TIMEOUT_MS,
    site: serviceSite,
  });
}

function previousConnection({ instance, source }: MoveParts['registry']): PreviousConnection {
  return {
    host: source.host,
    port: source.port,
    user: instance.owner,
    database: instance.database,
    ...(instance.secretRef === undefined ? {} : { secretRef: instance.secretRef }),
  };
}

function resizeStep({ registry, serviceSite }: MoveParts): UnplacedStep {
  const { service, entitlements } = registry;
  return planStep({
    kind: 'resize-service',
    params: { service, resources: resourcesOf(entitlements.to), previous: resourcesOf(entitlements.from) },
    title: `give ${service.name} the resources of ${entitlements.to.plan}`,
    phase: 'switch',
    down: true,
    timeoutMs: SHORT_TIMEOUT_MS,
    site: serviceSite,
  });
}

function startStep({ registry, source, serviceSite }: MoveParts): UnplacedStep {
  const { service } = registry;
  return planStep({
    kind: 'start-service',
    params: {
      service,
      target: { server: targetServer, database: source.database },
      verified: resultOf('verify-copy'),
    },
    title: `start service ${service.name} and wait until it is healthy`,
    phase: 'switch',
    down: true,
    pointOfNoReturn: 'commanded',
    timeoutMs: startTimeoutMs(service),
    site: serviceSite,
  });
}

function connectionsStep({ registry, source, serviceSite }: MoveParts): UnplacedStep {
  const { service } = registry;
  return planStep({
    kind: 'verify-connections',
    params: {
      source,
      target: { server: targetServer, database: source.database },
      role: targetRole,
      service,
      stableForMs: STABLE_FOR_MS,
    },
    title: `see that ${service.name} connects to the dedicated server only`,
    phase: 'switch',
    pointOfNoReturn: 'passed',
    timeoutMs: SHORT_TIMEOUT_MS,
    site: serviceSite,
  });
}
