import { parseMigrationRequest } from '#shared/contracts/requests/migration.request.js';
import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { event, failure, type Decision } from '../migration/decision.js';
import { refuse } from '../migration/decide-planning.js';
import { RequestRefused } from '../http/request-refused.js';
import type { KnownState } from '../migration/migration-state.js';
import type { Lookups } from './prepare/prepared.js';
import { prepareRequest } from './prepare/prepare-registry.js';

/**
 * Looks up again what a request names, as intake did when it was asked: what it waited for may have moved the tenant, or
 * somebody changed the registry meanwhile. What it names no more, or what speaks against it now, refuses it.
 *
 * @throws RehomeError LEDGER_UNAVAILABLE
 */
export async function refreshRegistry(state: KnownState, lookups: () => Promise<Lookups>): Promise<Decision> {
  const { migrationId, request } = state.request;
  const parsed = parseMigrationRequest(request);
  if (!parsed.ok) {
    const problems = parsed.problems.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
    return refuse(state, [failure(parsed.code, `the request is not understood any more: ${problems}`)]);
  }
  try {
    const current = await lookups();
    const prepared = await prepareRequest(parsed.request, withoutItself(current, migrationId));
    const registry = asJsonObject(prepared.registry);
    return { events: [event('RegistryRefreshed', { migrationId, registry, policies: policiesOf(current) })] };
  } catch (error) {
    if (error instanceof RequestRefused || (error instanceof RehomeError && error.disposition === 'reject'))
      return refuse(state, [error.toFailure()]);
    throw error;
  }
}

/** The migration itself must not stand in its own way. */
function withoutItself(lookups: Lookups, migrationId: string): Lookups {
  const others = async (kind: string, subject: string) => {
    const found = await lookups.migrationsOf(kind, subject);
    return found.filter((one) => one.migrationId !== migrationId);
  };
  return { ...lookups, migrationsOf: others };
}

/** Every policy as it stands: which of them match is known when there is a plan. */
export function policiesOf({ entries }: Lookups) {
  return [...entries.policy.values()].map(({ definition }) => definition);
}
