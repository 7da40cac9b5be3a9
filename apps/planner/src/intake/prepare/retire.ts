import type { RetireRequest } from '#shared/contracts/requests/retire.request.js';
import type { RetireRegistry } from '../../planning/retire-registry.js';
import { completedAbout, finishedMove } from './finished-move.js';
import type { Lookups, Prepared } from './prepared.js';
import { Objections, refuse } from './unknown-entries.js';

/**
 * Finds what a finished move put aside.
 *
 * @throws RequestRefused NOT_FOUND, SERVER_UNKNOWN, or STATE_CONFLICT when there is nothing to drop.
 */
export async function prepareRetire(request: RetireRequest, lookups: Lookups): Promise<Prepared> {
  const { migrationId, backupId } = request;
  const move = await finishedMove(migrationId, lookups);
  const { state, from, retiredName } = move;
  if (retiredName === undefined)
    throw refuse('STATE_CONFLICT', `migration ${migrationId} put no database aside; there is nothing to retire`);
  await refuseDone(move, lookups);
  const objections = new Objections(lookups.entries);
  const server = objections.server(from.dbServerId, '/migrationId');
  if (server === undefined) throw objections.refusal('SERVER_UNKNOWN');
  const { database } = from;
  const registry: RetireRegistry = {
    server,
    retiredName,
    migrationId,
    backupId,
    backupOf: [
      { server: server.name, database, migrationId },
      { server: server.name, database: retiredName },
    ],
    reservations: [state.request.subject],
  };
  return {
    subject: state.request.subject,
    title: `retirement of ${retiredName} on ${server.name}`,
    status: 'requested',
    message: `${retiredName} on ${server.name} is dropped, beside backup ${backupId}`,
    registry,
  };
}

/** @throws RequestRefused STATE_CONFLICT naming the migration that took it away already. */
async function refuseDone(move: Awaited<ReturnType<typeof finishedMove>>, lookups: Lookups): Promise<void> {
  const { migrationId } = move.state.request;
  const retired = await completedAbout('retire', move, lookups);
  if (retired !== undefined)
    throw refuse('STATE_CONFLICT', `migration ${migrationId} was retired by ${retired} already`, linkTo(retired));
  const returned = await completedAbout('return', move, lookups);
  if (returned === undefined) return;
  const { request } = await lookups.migration(returned).then((state) => {
    if (state.status === 'unknown') throw refuse('NOT_FOUND', `there is no migration ${returned}`);
    return state.request;
  });
  if (request['data'] !== 'discard-since-cutover') return;
  const detail = `what migration ${migrationId} put aside was brought back by ${returned}; there is nothing to retire`;
  throw refuse('STATE_CONFLICT', detail, linkTo(returned));
}

function linkTo(migrationId: string): Record<string, string> {
  return { by: `/v1/migrations/${migrationId}` };
}
