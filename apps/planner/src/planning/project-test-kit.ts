import type { PendingMigration } from '#shared/contracts/projects.js';
import type { ServerDefinition } from '#shared/contracts/registry.js';
import type { InspectedDatabase, InspectProjectResult } from '#shared/contracts/steps/project-steps.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import type { Plan } from '#shared/contracts/plan.js';
import type { JsonObject } from '#shared/contracts/json.js';
import { compile } from './compile.js';
import type { ProjectRegistry } from './project-registry.js';
import type { Compiled, Recipe, RecipeRequest } from './recipe.js';
import { endpointOf } from './upgrade-registry.js';

/** Three databases behind one router, as in the sample project of that name. */
export const MAIN: ServerDefinition = {
  name: 'main',
  host: 'main.internal',
  port: 5432,
  adminUser: 'postgres',
  adminSecretRef: 'env:MAIN_PASSWORD',
};

export const EPSM: ProjectRegistry = {
  project: { name: 'epsm', digest: 'd'.repeat(64) },
  databases: [
    { ...registered('default', 'epsm_db'), apps: ['accounts', 'simulation'] },
    { ...registered('materials', 'epsm_materials'), apps: ['database'] },
    { ...registered('results', 'epsm_results'), apps: ['simulation'] },
  ],
  servers: [MAIN],
  services: [],
};

function registered(alias: string, database: string) {
  return { alias, server: 'main', database, schemas: ['public'], settings: {} };
}

/** `simulation/0004_results` */
export function migration(id: string, more: Partial<PendingMigration> = {}): PendingMigration {
  const [app = '', file = ''] = id.split('/');
  const [version = '', ...name] = file.split('_');
  return {
    app,
    version,
    name: name.join('_'),
    action: 'run',
    ...more,
  };
}

export function inspected(alias: string, pending: readonly PendingMigration[], applied = 1): InspectedDatabase {
  const database = EPSM.databases.find((one) => one.alias === alias)?.database ?? alias;
  return {
    alias,
    address: { server: endpointOf(MAIN), database },
    schemas: ['public'],
    owner: 'epsm_user',
    sizeBytes: '50000000',
    applied,
    pending,
    fingerprint: 'f'.repeat(64),
  };
}

/** What the inspection answers when nothing stands before any of the three. */
export function facts(more: Partial<InspectProjectResult> = {}): InspectProjectResult {
  return {
    checks: [],
    routed: ['default', 'materials', 'results'],
    databases: ['default', 'materials', 'results'].map((alias) => inspected(alias, [])),
    commands: [],
    ...more,
  };
}

export function projectRequest(request: JsonObject, registry: ProjectRegistry = EPSM): RecipeRequest {
  return {
    migrationId: '0193a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b',
    subject: 'project:epsm',
    title: 'of epsm',
    requestedBy: 'key:deploy',
    request,
    registry: asJsonObject(registry),
  };
}

export function compiled(recipe: Recipe, request: RecipeRequest, found?: InspectProjectResult): Compiled {
  return compile(recipe, request, found === undefined ? undefined : asJsonObject(found));
}

/** @throws when it was refused */
export function planned(recipe: Recipe, request: RecipeRequest, found?: InspectProjectResult): Plan {
  const outcome = compiled(recipe, request, found);
  if (outcome.outcome === 'plan') return outcome.plan;
  throw new Error(outcome.reasons.map(({ code, detail }) => `${code}: ${detail}`).join('\n'));
}
