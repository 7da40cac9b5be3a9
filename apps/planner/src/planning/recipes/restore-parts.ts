import type { DatabaseAddress } from '#shared/contracts/registry.js';
import type { RestoreRequest } from '#shared/contracts/requests/restore.request.js';
import type { InspectRestoreResult } from '#shared/contracts/steps/backup-steps.js';
import { readRestoreRegistry } from '../backup-registry.js';
import type { RecipeRequest } from '../recipe.js';
import { endpointOf } from '../upgrade-registry.js';

export function failedWarnings(checks: InspectRestoreResult['checks']): string[] {
  return checks
    .filter(({ passed, severity }) => !passed && severity === 'warning')
    .map(({ found, remedy }) => (remedy === undefined ? found : `${found}; ${remedy}`));
}

export function bodyOf({ request }: RecipeRequest): RestoreRequest {
  return request as unknown as RestoreRequest;
}

export function addressOf(request: RecipeRequest): DatabaseAddress {
  const { target } = readRestoreRegistry(request.registry);
  return { server: endpointOf(target), database: bodyOf(request).target.database };
}
