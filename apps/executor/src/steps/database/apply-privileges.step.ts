import { RehomeError } from '#shared/errors/rehome-error.js';
import { readLargeObjectGroups } from '../../postgres/catalogue/large-object-owners.js';
import type { MapRole } from '../../postgres/catalogue/structure.js';
import { largeObjectStatements, privilegeStatements } from '../../postgres/privileges.js';
import { bootstrapRole, readRoleMap } from '../../postgres/role-map.js';
import { dropPlaceholder } from '../../postgres/roles.js';
import { runTexts } from '../../postgres/run-texts.js';
import type { Session } from '../../postgres/session.js';
import type { Step } from '../../running/step.js';
import { readBothStructures, withBothSides, type CopyParams } from '../both-sides.js';
import { placeOf } from '../step-session.js';
import type { Sides } from '../verification/contents.js';

/** Owners, grants, default privileges and policy roles as at the source. Made from what differs, so nothing is done twice. */
export const applyPrivileges: Step<'apply-privileges'> = {
  kind: 'apply-privileges',

  // The application is down: reading both catalogues only to know would cost as much as doing it, which repeats nothing.
  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { signal, lease } = context;
    return withBothSides(context, async (sides, params) => {
      const { catalogue, largeObjects } = await differing(sides, params);
      await lease.check();
      // Text by text, each its own transaction: 2,000 tables in one would hold more locks than a server has room for.
      // Nobody looks meanwhile: the database has its working name and is closed.
      await runTexts(sides.target, [...catalogue, ...largeObjects], signal);
      await dropPlaceholders(sides, params, signal);
      return { statements: catalogue.length + largeObjects.length };
    });
  },

  async verify(context) {
    const left = await withBothSides(context, (sides, params) => differing(sides, params));
    const [first] = [...left.catalogue, ...left.largeObjects];
    if (first === undefined) return;
    throw new RehomeError('VERIFICATION_FAILED', `owners or grants still differ; left to do: ${first.slice(0, 500)}`);
  },

  // All of it lives in the working database, which the undo of create-database drops.
  undo: () => Promise.resolve({}),

  describe({ server, workingName, role, sourceOwner }) {
    const text = `owners, grants, default privileges and policies as at the source, ${sourceOwner} as ${role}`;
    return [{ tool: 'sql', at: `${placeOf(server)}/${workingName}`, text }];
  },
};

interface Differing {
  readonly catalogue: readonly string[];
  readonly largeObjects: readonly string[];
}

async function differing(sides: Sides<Session>, params: CopyParams): Promise<Differing> {
  const { source, target } = await readBothStructures(sides, params);
  const { sourceOwner, role } = params;
  const mapRole = await readRoleMap(sides.source, sides.target, { sourceOwner, role });
  return { catalogue: privilegeStatements(source, target), largeObjects: await differingObjects(sides, mapRole) };
}

async function differingObjects(sides: Sides<Session>, mapRole: MapRole): Promise<string[]> {
  const [source, target] = await Promise.all([
    readLargeObjectGroups(sides.source, mapRole),
    readLargeObjectGroups(sides.target, (name) => name),
  ]);
  return largeObjectStatements(source, target);
}

/** Roles that stood in for the source's owner and its bootstrap superuser while the dump was restored. */
async function dropPlaceholders(sides: Sides<Session>, params: CopyParams, signal: AbortSignal): Promise<void> {
  const [from, to] = await Promise.all([bootstrapRole(sides.source), bootstrapRole(sides.target)]);
  await dropPlaceholder(sides.target, { sourceOwner: params.sourceOwner, role: params.role }, signal);
  await dropPlaceholder(sides.target, { sourceOwner: from, role: to }, signal);
}
