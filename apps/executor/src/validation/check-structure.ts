import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import type { Session } from '../postgres/session.js';
import { findStructureDrift } from '../projects/migrated-structure.js';
import { readSnapshot } from '../projects/tracking/structure-snapshot.js';

/** The one check that is no single query: the catalogue against what was recorded after the last migration. */
export const STRUCTURE = 'structure';
const SAMPLES = 10;

export async function checkStructure(session: Session): Promise<CheckOutcome> {
  const check = {
    name: STRUCTURE,
    category: 'schema',
    message: 'the structure is the one that the migrations made',
  } as const;
  if ((await readSnapshot(session)) === undefined)
    return { ...check, outcome: 'not-applicable', count: 0, samples: [] };
  const { drift } = await findStructureDrift(session);
  if (drift.length === 0) return { ...check, outcome: 'passed', count: 0, samples: [] };
  return {
    ...check,
    outcome: 'failed',
    count: drift.length,
    samples: drift.slice(0, SAMPLES).map(({ what, detail }) => `${what}: ${detail}`),
    remedy: 'write what was changed by hand as a migration and fake it, or take it back',
  };
}
