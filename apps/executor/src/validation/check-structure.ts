import type { ValidationCategory } from '#shared/contracts/projects.js';
import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import type { Mismatch } from '#shared/contracts/steps/verification-steps.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { compareStructures } from '../postgres/catalogue/compare-structures.js';
import type { Structure } from '../postgres/catalogue/structure.js';
import type { Session } from '../postgres/session.js';
import { driftOf, expectedStructure, readMigratedStructure } from '../projects/migrated-structure.js';
import { isBeingMigrated } from '../projects/migration-lock.js';
import { judged, notJudged } from './run-check.js';

/** A rule about what the migrations made: no query finds it, but a comparison with what was recorded after the last one. */
interface StructureCheck {
  readonly name: string;
  readonly category: ValidationCategory;
  readonly message: string;
  readonly remedy: string;
  /** Kinds of objects, of which each that was made must stand as it was made; all objects and no others when absent. */
  readonly kinds?: ReadonlySet<string>;
}

const SAMPLES = 10;

export const STRUCTURE_CHECKS: readonly StructureCheck[] = [
  {
    name: 'structure',
    category: 'schema',
    message: 'the structure is the one that the migrations made',
    remedy: 'write what was changed by hand as a migration and fake it, or take it back',
  },
  {
    name: 'indexes-as-made',
    category: 'indexes',
    message: 'every index that the migrations made is there',
    remedy: 'create it again, concurrently, or write a migration that drops it and fake that',
    kinds: new Set(['index']),
  },
  {
    name: 'constraints-as-made',
    category: 'constraints',
    message: 'every foreign key and every other constraint that the migrations made is there',
    remedy: 'add it again, not valid first, or write a migration that drops it and fake that',
    kinds: new Set(['constraint', 'not-null constraint']),
  },
];

/** What there is to compare: what was made, and what stands there. */
interface Sides {
  readonly made: Structure;
  readonly live: Structure;
}

/** One outcome for each; not applicable where nothing was ever applied. */
export async function checkStructure(session: Session, checks: readonly StructureCheck[]): Promise<CheckOutcome[]> {
  let sides = await sidesOf(session);
  // A migration that began after its lock was asked for holds it now, or is over and has recorded what it made.
  if (!(sides instanceof RehomeError) && sides !== undefined && mismatchesOf(sides).length > 0)
    sides = await sidesOf(session);
  return checks.map((check) => outcomeOf(check, sides));
}

async function sidesOf(session: Session): Promise<Sides | RehomeError | undefined> {
  // Between two states nobody can tell what is right.
  if (await isBeingMigrated(session)) return undefined;
  return judged(session, {}, async () => {
    const live = await readMigratedStructure(session);
    const made = await expectedStructure(session, live);
    return made === undefined ? undefined : { made, live };
  });
}

function outcomeOf(
  { name, category, message, remedy, kinds }: StructureCheck,
  sides: Sides | RehomeError | undefined,
): CheckOutcome {
  const rule = { name, category, message };
  if (sides instanceof RehomeError) return { ...notJudged(rule, sides), remedy };
  if (sides === undefined) return { ...rule, outcome: 'not-applicable', count: 0, samples: [] };
  const found = mismatchesOf(sides, kinds);
  if (found.length === 0) return { ...rule, outcome: 'passed', count: 0, samples: [] };
  const samples = found
    .slice(0, SAMPLES)
    .map(driftOf)
    .map(({ what, detail }) => `${what}: ${detail}`);
  return { ...rule, outcome: 'failed', count: found.length, samples, remedy };
}

function mismatchesOf({ made, live }: Sides, kinds?: ReadonlySet<string>): Mismatch[] {
  if (made === live) return [];
  if (kinds === undefined) return compareStructures(made, live);
  const wanted = new Map([...made.objects].filter(([, { kind }]) => kinds.has(kind)));
  const found = new Map([...live.objects].filter(([key]) => wanted.has(key)));
  return compareStructures({ ...made, objects: wanted }, { ...live, objects: found });
}
