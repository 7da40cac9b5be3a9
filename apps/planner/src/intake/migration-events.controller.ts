import { Controller, Get, Headers, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { TERMINAL_EVENTS, type LedgerEvent } from '#shared/contracts/events.js';
import type { MigrationId } from '#shared/contracts/ids.js';
import { PatternField } from '#shared/contracts/requests/fields.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { LedgerWake } from '#shared/ledger/ledger-wake.js';
import { pauseFor } from '#shared/messaging/waiting.js';
import { EventLine } from '../audit/audit.views.js';
import { eventLine } from '../audit/event-line.js';
import { NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { migrationIdPipe } from '../http/migration-id.pipe.js';
import { NDJSON_MEDIA_TYPE, sendChunks, untilGone } from '../http/ndjson.js';
import { queryOf } from '../http/parsed.pipe.js';
import { invalidRequest } from '../http/request-refused.js';
import { SHUTDOWN } from '../tokens.js';

const POSITION = /^\d{1,18}$/;
/** A comment this often keeps proxies and clients from giving up on a silent stream. */
const BEAT_MS = 10_000;
const LOOK_MS = 1_000;
/** A busy ledger wakes whoever waits all the time; none looks more often than this. */
const LOOK_AGAIN_MS = 50;

class EventsQuery {
  @PatternField({
    optional: true,
    pattern: POSITION,
    shape: 'a position, a whole number',
    description: 'Only events after this position',
  })
  readonly after?: string;
}

/** The events of one migration, all of them or live. */
@ApiTags('migrations')
@Controller('v1/migrations/:id/events')
export class MigrationEventsController {
  constructor(
    private readonly reader: LedgerReader,
    private readonly wake: LedgerWake,
    @Inject(SHUTDOWN) private readonly shutdown: AbortSignal,
  ) {}

  @Get()
  @NeedsRole('viewer', 'Events in order; as NDJSON, or live with Accept: text/event-stream until the migration is over')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Position after which a live stream goes on' })
  @ApiProduces(NDJSON_MEDIA_TYPE, 'text/event-stream')
  @ApiOkResponse({
    type: EventLine,
    description: 'One per line, or per `data` of a live stream whose `id` is the position',
  })
  @ApiNoContentResponse({ description: 'A live stream that goes on after the last event: nothing follows' })
  @problemResponse(404, 'No such migration')
  async events(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Query(queryOf(EventsQuery)) query: EventsQuery,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const after = positionOf(lastEventId, query.after);
    const events = await this.eventsOf(id);
    if (accept?.includes('text/event-stream') !== true) {
      await sendChunks(reply, NDJSON_MEDIA_TYPE, lines(events.filter((event) => event.position > after)));
    } else if (after >= (events.findLast(isTerminal)?.position ?? after + 1n)) {
      // An EventSource reconnects after every end; only this answer tells it to stop.
      await reply.status(204).send();
    } else {
      await sendChunks(reply, 'text/event-stream', this.live(id, after, untilGone(reply, this.shutdown)));
    }
  }

  private async *live(id: MigrationId, after: bigint, signal: AbortSignal): AsyncGenerator<string> {
    yield 'retry: 1000\n\n';
    let position = after;
    let spokeAt = performance.now();
    while (!signal.aborted) {
      // The head first: what is appended after it wakes the wait below.
      const head = await this.reader.head();
      const fresh = (await this.eventsOf(id)).filter((event) => event.position > position);
      if (fresh.length > 0) {
        yield fresh.map(liveEvent).join('');
        if (fresh.some(isTerminal)) return;
        position = fresh.at(-1)?.position ?? position;
        spokeAt = performance.now();
      } else if (performance.now() - spokeAt >= BEAT_MS) {
        yield ': still here\n\n';
        spokeAt = performance.now();
      }
      await this.wake.waitFor(signal, LOOK_MS, head.position);
      await pauseFor(LOOK_AGAIN_MS, signal);
    }
  }

  private async eventsOf(id: MigrationId): Promise<LedgerEvent[]> {
    const events = await this.reader.readMigration(id);
    if (events.length === 0) throw new RehomeError('NOT_FOUND', `there is no migration ${id}`);
    return events;
  }
}

function positionOf(lastEventId: string | undefined, after: string | undefined): bigint {
  if (lastEventId === undefined || lastEventId === '') return BigInt(after ?? 0);
  if (!POSITION.test(lastEventId))
    throw invalidRequest([{ pointer: '/header/Last-Event-ID', message: 'must be a position, a whole number' }]);
  return BigInt(lastEventId);
}

function isTerminal(event: LedgerEvent): boolean {
  return TERMINAL_EVENTS.some((type) => type === event.type);
}

function liveEvent(event: LedgerEvent): string {
  return `id: ${String(event.position)}\nevent: ${event.type}\ndata: ${eventLine(event)}\n\n`;
}

async function* lines(events: readonly LedgerEvent[]): AsyncGenerator<string> {
  // One migration has some hundred events: they are in memory already.
  for (const event of events) yield await Promise.resolve(`${eventLine(event)}\n`);
}
