import type { ServerEndpoint } from '#shared/contracts/registry.js';
import { fromStep, resultOf, StepReference } from '../from-step.js';
import { planStep, type UnplacedStep } from '../recipe.js';
import { COPY_JOBS, ownerIsSuperuser, workingName, type MoveParts } from './move-parts.js';
import {
  FENCE_TIMEOUT_MS,
  PROVISION_TIMEOUT_MS,
  SHORT_TIMEOUT_MS,
  copyTimeoutMs,
  stopTimeoutMs,
} from './move-timeouts.js';

/** Asks for the server that the target will be. */
export function provisionStep(
  database: string,
  params: { readonly instanceId: string; readonly knownServers: readonly ServerEndpoint[] },
): UnplacedStep {
  return planStep({
    kind: 'provision-server',
    params,
    title: `provision a dedicated server for ${database}`,
    phase: 'prepare',
    timeoutMs: PROVISION_TIMEOUT_MS,
  });
}

/** All that needs no downtime: the target is judged and stands ready before anything is stopped. */
export function prepareSteps(parts: MoveParts): UnplacedStep[] {
  const { facts, tools, target } = parts;
  const { server, role, database, olderMajor } = target;
  return [
    planStep({
      kind: 'preflight-target',
      params: {
        target: { server, database },
        targetRole: role,
        facts,
        tools,
        ...(olderMajor === undefined ? {} : { olderMajor }),
      },
      title: `check ${target.place} before anything is stopped`,
      phase: 'prepare',
      timeoutMs: SHORT_TIMEOUT_MS,
    }),
    captureStep(parts),
    createStep(parts),
  ];
}

/** What every undo at the source goes back to. */
export function captureStep({ source, facts }: Pick<MoveParts, 'source' | 'facts'>): UnplacedStep {
  return planStep({
    kind: 'capture-source',
    params: { source, fingerprint: facts.fingerprint },
    title: `record how ${source.database} is set up on ${source.server.name}`,
    phase: 'prepare',
    timeoutMs: SHORT_TIMEOUT_MS,
  });
}

function createStep({ facts, source, sourceOwner, sourceSite, target }: MoveParts): UnplacedStep {
  const { server, role, secretRef, database } = target;
  return planStep({
    kind: 'create-database',
    params: {
      server,
      database,
      role,
      ...(secretRef === undefined
        ? { passwordFrom: { server: source.server, role: sourceOwner } }
        : { roleSecretRef: secretRef }),
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
  });
}

/** From the stop, or the fence where there is no service, to the published copy: an application cannot work. */
export function cutoverSteps(parts: MoveParts): UnplacedStep[] {
  return [...freezeSteps(parts), ...copySteps(parts)].map((step) => ({ ...step, down: true }));
}

/** Nobody writes any more, and a backup stands. */
export function freezeSteps(parts: MoveParts): UnplacedStep[] {
  const { facts, source, sourceSite, service, label } = parts;
  const place = `${source.database} on ${source.server.name}`;
  return [
    ...(service === undefined
      ? []
      : [
          planStep({
            kind: 'stop-service',
            params: { service: service.definition },
            title: `stop service ${service.definition.name}`,
            phase: 'cutover',
            timeoutMs: stopTimeoutMs(service.definition),
            site: service.definition.site,
          }),
        ]),
    planStep({
      kind: 'fence-source',
      params: {
        source,
        captured: resultOf('capture-source'),
        fingerprint: facts.fingerprint,
        ...knownLogin(parts),
      },
      title: `fence ${place} against every writer`,
      phase: 'cutover',
      timeoutMs: FENCE_TIMEOUT_MS,
      site: sourceSite,
    }),
    planStep({
      kind: 'dump-database',
      params: { source, label, jobs: COPY_JOBS },
      title: `back up ${place}`,
      phase: 'cutover',
      timeoutMs: copyTimeoutMs(facts.sizeBytes),
      site: sourceSite,
    }),
  ];
}

/** A real login is the best proof of a fence, where the password is known and the role is no superuser. */
function knownLogin(parts: MoveParts) {
  const { sourceOwner, sourceSecretRef } = parts;
  if (sourceSecretRef === undefined || ownerIsSuperuser(parts)) return {};
  return { login: { user: sourceOwner, secretRef: sourceSecretRef } };
}

function copySteps(parts: MoveParts): UnplacedStep[] {
  const { facts, source, sourceOwner, sourceSite, target } = parts;
  const { database } = target;
  const copy = { server: target.server, workingName, role: target.role, sourceOwner };
  const wholeCopyMs = copyTimeoutMs(facts.sizeBytes);
  const backupId = fromStep('dump-database', 'backupId');
  return [
    planStep({
      kind: 'restore-database',
      params: { ...copy, backupId, jobs: COPY_JOBS, ...(restoresAsRole(parts) ? { asRole: true } : {}) },
      title: `restore ${database} on ${target.place}`,
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
      params: { source, ...copy, jobs: COPY_JOBS, backupId },
      title: `compare every row and object of ${database} with its source`,
      phase: 'cutover',
      timeoutMs: wholeCopyMs,
    }),
    planStep({
      kind: 'publish-database',
      params: { server: target.server, workingName, database },
      title: `rename the verified copy to ${database}`,
      phase: 'cutover',
      // Without a service nobody was told of the copy before: its name is what commits to it.
      pointOfNoReturn: parts.service === undefined ? 'passed' : 'before',
      timeoutMs: SHORT_TIMEOUT_MS,
      site: sourceSite,
    }),
  ];
}

function restoresAsRole(parts: MoveParts): boolean {
  const { role } = parts.target;
  return ownerIsSuperuser(parts) && !(role instanceof StepReference) && role !== parts.sourceOwner;
}
