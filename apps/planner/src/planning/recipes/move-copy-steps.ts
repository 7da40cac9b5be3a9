import { fromStep, resultOf } from '../from-step.js';
import { planStep, type UnplacedStep } from '../recipe.js';
import { COPY_JOBS, targetRole, targetServer, workingName, type MoveParts } from './move-parts.js';
import {
  FENCE_TIMEOUT_MS,
  PROVISION_TIMEOUT_MS,
  SHORT_TIMEOUT_MS,
  copyTimeoutMs,
  stopTimeoutMs,
} from './move-timeouts.js';

/** All that needs no downtime: the target stands ready and is judged before anything is stopped. */
export function prepareSteps(parts: MoveParts): UnplacedStep[] {
  const { registry, facts, tools, source, sourceOwner, sourceSite } = parts;
  const { database, instanceId } = registry.instance;
  return [
    planStep({
      kind: 'provision-server',
      params: { instanceId, knownServers: registry.servers },
      title: `provision a dedicated server for ${database}`,
      phase: 'prepare',
      timeoutMs: PROVISION_TIMEOUT_MS,
    }),
    planStep({
      kind: 'preflight-target',
      params: { target: { server: targetServer, database }, targetRole, facts, tools },
      title: 'check the dedicated server before anything is stopped',
      phase: 'prepare',
      timeoutMs: SHORT_TIMEOUT_MS,
    }),
    planStep({
      kind: 'capture-source',
      params: { source, fingerprint: facts.fingerprint },
      title: `record how ${database} is set up on ${source.server.name}`,
      phase: 'prepare',
      timeoutMs: SHORT_TIMEOUT_MS,
    }),
    planStep({
      kind: 'create-database',
      params: {
        server: targetServer,
        database,
        role: targetRole,
        roleSecretRef: fromStep('provision-server', 'roleSecretRef'),
        sourceOwner,
        roles: facts.roles,
        encoding: facts.encoding,
        collate: facts.collate,
        ctype: facts.ctype,
        localeProvider: facts.localeProvider,
        ...(facts.icuLocale === undefined ? {} : { icuLocale: facts.icuLocale }),
        extensions: facts.extensions,
      },
      title: `create role and database for ${database} under a working name`,
      phase: 'prepare',
      timeoutMs: SHORT_TIMEOUT_MS,
      // What it found before is kept in the work root, like the backup.
      site: sourceSite,
    }),
  ];
}

/** From the stop to the verified copy: the application is down. */
export function cutoverSteps(parts: MoveParts): UnplacedStep[] {
  return [...freezeSteps(parts), ...copySteps(parts)].map((step) => ({ ...step, down: true }));
}

function freezeSteps({ registry, facts, source, serviceSite, sourceSite }: MoveParts): UnplacedStep[] {
  const { service, instance } = registry;
  const place = `${source.database} on ${source.server.name}`;
  return [
    planStep({
      kind: 'stop-service',
      params: { service },
      title: `stop service ${service.name}`,
      phase: 'cutover',
      timeoutMs: stopTimeoutMs(service),
      site: serviceSite,
    }),
    planStep({
      kind: 'fence-source',
      params: {
        source,
        captured: resultOf('capture-source'),
        fingerprint: facts.fingerprint,
        ...(instance.secretRef === undefined ? {} : { login: { user: instance.owner, secretRef: instance.secretRef } }),
      },
      title: `fence ${place} against every writer`,
      phase: 'cutover',
      timeoutMs: FENCE_TIMEOUT_MS,
      site: sourceSite,
    }),
    planStep({
      kind: 'dump-database',
      params: { source, label: 'pre_migration', jobs: COPY_JOBS },
      title: `back up ${place}`,
      phase: 'cutover',
      timeoutMs: copyTimeoutMs(facts.sizeBytes),
      site: sourceSite,
    }),
  ];
}

function copySteps({ facts, source, sourceOwner, sourceSite }: MoveParts): UnplacedStep[] {
  const { database } = source;
  const copy = { server: targetServer, workingName, role: targetRole, sourceOwner };
  const wholeCopyMs = copyTimeoutMs(facts.sizeBytes);
  return [
    planStep({
      kind: 'restore-database',
      params: { ...copy, backupId: fromStep('dump-database', 'backupId'), jobs: COPY_JOBS },
      title: `restore ${database} on the dedicated server`,
      phase: 'cutover',
      timeoutMs: wholeCopyMs,
      // The backup's files lie where they were written.
      site: sourceSite,
    }),
    planStep({
      kind: 'apply-privileges',
      params: { source, ...copy },
      title: `give ${database} its owners, grants and policies`,
      phase: 'cutover',
      timeoutMs: SHORT_TIMEOUT_MS,
    }),
    planStep({
      kind: 'copy-settings',
      params: { source, ...copy, captured: resultOf('capture-source') },
      title: `copy settings of ${database} and of its roles`,
      phase: 'cutover',
      timeoutMs: SHORT_TIMEOUT_MS,
    }),
    planStep({
      kind: 'verify-copy',
      params: { source, ...copy, jobs: COPY_JOBS },
      title: `compare every row and object of ${database} with its source`,
      phase: 'cutover',
      timeoutMs: wholeCopyMs,
    }),
    planStep({
      kind: 'publish-database',
      params: { server: targetServer, workingName, database },
      title: `rename the verified copy to ${database}`,
      phase: 'cutover',
      timeoutMs: SHORT_TIMEOUT_MS,
      site: sourceSite,
    }),
  ];
}
