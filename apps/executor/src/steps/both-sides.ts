import type { DatabaseAddress, ServerEndpoint } from '#shared/contracts/registry.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import { readStructure } from '../postgres/catalogue/read-structure.js';
import type { Structure } from '../postgres/catalogue/structure.js';
import { readRoleMap } from '../postgres/role-map.js';
import type { Session } from '../postgres/session.js';
import type { StepContext } from '../running/step.js';
import { openAdmin } from './step-session.js';
import type { Sides } from './verification/contents.js';

/** Params of the steps that look at the source and its copy at once. */
export interface CopyParams {
  readonly source: DatabaseAddress;
  readonly server: ServerEndpoint;
  readonly workingName: string;
  readonly role: string;
  readonly sourceOwner: string;
}

type CopyContext = Pick<StepContext<StepKind>, 'run' | 'signal' | 'tools'> & { readonly params: CopyParams };

/** Works with a session at the source and one at its copy. */
export async function withBothSides<T>(
  context: CopyContext,
  work: (sides: Sides<Session>, params: CopyParams) => Promise<T>,
): Promise<T> {
  const { params, signal } = context;
  const sessions: Session[] = [];
  const open = async (server: ServerEndpoint, database: string): Promise<Session> => {
    const session = await openAdmin(context, server, database);
    sessions.push(session);
    return session;
  };
  try {
    const source = await open(params.source.server, params.source.database);
    const target = await open(params.server, params.workingName);
    return await work({ source, target }, params);
  } catch (error) {
    signal.throwIfAborted();
    throw classifyPostgresError(error);
  } finally {
    await Promise.all(sessions.map((session) => session.end().catch(() => undefined)));
  }
}

/** Structures of both, the roles of the source named as the target calls them. */
export async function readBothStructures(sides: Sides<Session>, params: CopyParams): Promise<Sides<Structure>> {
  const { sourceOwner, role } = params;
  const mapRole = await readRoleMap(sides.source, sides.target, { sourceOwner, role });
  const [source, target] = await Promise.all([
    readStructure(sides.source, { mapRole, owner: sourceOwner }),
    readStructure(sides.target, { mapRole: (name) => name, owner: role }),
  ]);
  return { source, target };
}
