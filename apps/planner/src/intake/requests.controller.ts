import { Controller, UseFilters } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { toMigrationId, type MigrationId } from '#shared/contracts/ids.js';
import { isObject } from '#shared/contracts/requests/parse.js';
import { migrationIdOfRequest } from '#shared/contracts/uuid.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { RecordContext } from '#shared/messaging/record-context.js';
import { RpcErrors } from '#shared/messaging/rpc-errors.filter.js';
import { traceparentField, traceparentOf } from '#shared/observability/trace-context.js';
import { Registry } from '../registry/registry.js';
import type { RegistryEntries } from '../registry/registry-entries.js';
import { MigrationIntake } from './migration-intake.js';

export const REQUEST_TYPE = 'rehome.request';

/** Name of the entry for publishers that have none of their own. */
const EVERYBODY = '*';

/** Requests from other services, de-duplicated by (`ce_source`, `ce_id`). */
@Controller()
@UseFilters(RpcErrors)
export class RequestsController {
  constructor(
    private readonly intake: MigrationIntake,
    private readonly registry: Registry,
  ) {}

  /** A failure decides what becomes of the record: one of the house's `reject` codes puts it aside, the others let it wait. */
  @EventPattern<string>(REQUEST_TYPE)
  async request(@Payload() body: unknown, @Ctx() { event }: RecordContext): Promise<void> {
    refuseSource(event.source, body, await this.registry.current());
    await this.intake.take({
      body,
      via: 'kafka',
      dryRun: false,
      actor: `source:${event.source}`,
      migrationId: migrationIdOf(event.source, event.id),
      correlationId: event.id,
      ...traceparentField(traceparentOf(event.extensions['traceparent'])),
    });
  }
}

/** The same message is the same migration, however often it comes. */
export function migrationIdOf(source: string, id: string): MigrationId {
  return toMigrationId(migrationIdOfRequest(source, id));
}

/** An entry of its own says what a publisher may ask for; without one the entry `*` does, and without that nothing. */
function refuseSource(source: string, body: unknown, { source: sources }: RegistryEntries): void {
  const entry = sources.get(source) ?? sources.get(EVERYBODY);
  const kinds = entry?.definition.kinds ?? [];
  const kind = isObject(body) ? body['kind'] : undefined;
  if (kinds.includes('*') || (typeof kind === 'string' && kinds.includes(kind))) return;
  const call = `PUT /v1/sources/${encodeURIComponent(source)}`;
  if (entry === undefined)
    throw new RehomeError(
      'FORBIDDEN',
      `source "${source}" is not registered, so it may ask for nothing: an operator registers it with ${call} ` +
        '{"kinds": ["upgrade"]}, or every publisher at once under the name "*"',
    );
  const allowed = kinds.length === 0 ? 'nothing' : kinds.join(', ');
  throw new RehomeError(
    'FORBIDDEN',
    `source "${source}" may ask for ${allowed}; an operator changes that with ${call}`,
  );
}
