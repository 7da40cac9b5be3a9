import type { DatabaseAddress, ServerEndpoint } from '#shared/contracts/registry.js';
import type { StepKind } from '#shared/contracts/steps/step-kinds.js';
import { sessionName } from '../postgres/session-name.js';
import { openSession, withSession, type Session, type SessionAddress } from '../postgres/session.js';
import type { StepContext } from '../running/step.js';
import type { StepTools } from '../running/step-tools.js';

/** Databases of a server that every server has; where work on databases themselves is done. */
export const MAINTENANCE_DATABASE = 'postgres';

type Running = Pick<StepContext<StepKind>, 'run' | 'signal' | 'tools'>;

/** The administrator's session at a database, its secret resolved. For this process only. */
export async function adminAddress(
  { tools }: { readonly tools: Pick<StepTools, 'secrets'> },
  server: ServerEndpoint,
  database: string,
): Promise<SessionAddress> {
  const password = await tools.secrets.resolve(server.adminSecretRef);
  return { host: server.host, port: server.port, user: server.adminUser, password, database };
}

/** Works in a session that carries the attempt's name, so that the next owner of the run finds it. */
export async function withAdmin<T>(
  context: Running,
  server: ServerEndpoint,
  database: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const address = await adminAddress(context, server, database);
  return withSession(address, { applicationName: sessionName(context.run), signal: context.signal }, work);
}

export async function withDatabase<T>(
  context: Running,
  { server, database }: DatabaseAddress,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withAdmin(context, server, database, work);
}

/** For several sessions at once; the caller ends it. */
export async function openAdmin(context: Running, server: ServerEndpoint, database: string): Promise<Session> {
  const address = await adminAddress(context, server, database);
  return openSession(address, { applicationName: sessionName(context.run), signal: context.signal });
}

/** Of a server that does not exist yet, in a dry run. */
export const UNKNOWN_PORT = 0;

/** `main (10.0.0.5:5432)`, as descriptions and messages name a server. */
export function placeOf({ name, host, port }: ServerEndpoint): string {
  return `${name} (${host}:${port === UNKNOWN_PORT ? '$DB_PORT' : String(port)})`;
}
