import type { JsonObject } from '#shared/contracts/json.js';
import { failedChecks } from '#shared/contracts/preflight.js';
import { readLocatedReturn, type LocatedReturn } from '../located-move.js';
import { inSequence, planStep, type Compiled, type Recipe, type RecipeRequest, type UnplacedStep } from '../recipe.js';
import { refuseForChecks } from '../refusal.js';
import {
  addressOf,
  compileLocated,
  inspectLocated,
  judgeLocated,
  planHead,
  rolesOf,
  serviceOf,
  targetOf,
  type LocatedManner,
} from './located-move-plan.js';
import { captureStep, freezeSteps } from './move-copy-steps.js';
import { retireStep, switchSteps } from './move-switch-steps.js';
import { FENCE_TIMEOUT_MS } from './move-timeouts.js';

const VERSION = 1;
const KIND = 'return';

/** Back to where a finished move came from: with the data as it is now, or with the data as it was put aside. */
export const returnRecipe: Recipe = {
  kind: KIND,
  version: VERSION,
  inspect: ({ request, registry }) => {
    const move = readLocatedReturn(registry);
    // The role of a dedicated server may be its administrator; a service that is stopped does not log in as it.
    const superuser = move.service === undefined ? {} : ({ superuser: 'warn' } as const);
    if (!discards(request)) return inspectLocated(move, { ...superuser, olderMajor: 'warn' });
    const { retired, target } = move;
    if (retired === undefined) return inspectLocated(move, { ...superuser, target: false });
    const { retiredName, captured } = retired;
    const aside = { source: addressOf(target), retiredName, captured };
    return inspectLocated(move, { ...superuser, target: false, retired: aside });
  },
  compile: (request, facts) => {
    const move = readLocatedReturn(request.registry);
    return discards(request.request) ? compileDiscard(request, move, facts) : compileCurrent(request, move, facts);
  },
};

function discards(request: JsonObject): boolean {
  return request['data'] === 'discard-since-cutover';
}

function compileCurrent(request: RecipeRequest, move: LocatedReturn, facts: JsonObject | undefined): Compiled {
  return compileLocated(request, move, facts, { ...mannerOf(move), olderMajor: 'warn' });
}

/** The source comes back as it was put aside; what was written since is backed up and put aside in its place. */
function compileDiscard(request: RecipeRequest, move: LocatedReturn, facts: JsonObject | undefined): Compiled {
  const { checks, database, tools } = judgeLocated(move, facts);
  const { retired } = move;
  if (failedChecks(checks).length > 0 || database === undefined || tools === undefined || retired === undefined)
    return refuseForChecks(checks);
  const roles = rolesOf(move, database);
  const source = addressOf(move.source);
  const target = targetOf(move, roles.target);
  const { service } = serviceOf(move, roles.source);
  const sourceSite = move.source.server.site;
  const parts = { facts: database, tools, source, sourceOwner: roles.source, sourceSite, target, label: 'pre_return' };
  const freeze = freezeSteps({ ...parts, sourceSecretRef: move.source.secretRef, ...(service && { service }) });
  const manner = { ...mannerOf(move), warnings: [lossWarning(move), ...(mannerOf(move).warnings ?? [])] };
  return {
    outcome: 'plan',
    plan: {
      ...planHead(request, move, { checks, database, manner }),
      steps: inSequence([
        captureStep(parts),
        ...[...freeze, reinstateStep(move, retired)].map((step) => ({ ...step, down: true })),
        ...(service === undefined ? [] : switchSteps({ service, source, target, verified: retired.verified })),
        retireStep(source, sourceSite),
      ]),
    },
  };
}

function reinstateStep(
  { target, service, returns }: LocatedReturn,
  { retiredName, markedBefore, captured }: NonNullable<LocatedReturn['retired']>,
): UnplacedStep {
  return planStep({
    kind: 'reinstate-source',
    params: {
      source: addressOf(target),
      retiredName,
      captured,
      retiredBy: returns.migrationId,
      ...(markedBefore === undefined ? {} : { markedBefore }),
    },
    title: `bring ${target.database} on ${target.server.name} back as it was put aside`,
    phase: 'cutover',
    // Without a service nobody is told of it later: its name is what commits to it.
    pointOfNoReturn: service === undefined ? 'passed' : 'before',
    timeoutMs: FENCE_TIMEOUT_MS,
    site: target.server.site,
  });
}

function mannerOf({ returns, keepsResourcesOf }: LocatedReturn): LocatedManner {
  return {
    kind: KIND,
    version: VERSION,
    label: 'pre_return',
    returns: returns.migrationId,
    warnings:
      keepsResourcesOf === undefined
        ? []
        : [`the service keeps the resources of plan ${keepsResourcesOf}; request an upgrade to change them`],
  };
}

/** How many rows nobody knows without comparing: since when is what can be said. */
function lossWarning({ source, returns }: LocatedReturn): string {
  return (
    `everything written to ${source.database} on ${source.server.name} since ${returns.completedAt} (the end of the ` +
    `${returns.title}) is given up: the application goes on with the data as it was then; how many rows that is cannot ` +
    'be told without comparing; they stay in the backup "pre_return" and in the database that is put aside'
  );
}
