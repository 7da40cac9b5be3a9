import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { EventName } from '#shared/contracts/events.js';
import { toPosition, type Position } from '#shared/contracts/ids.js';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { verifyLedger, type Verification } from '#shared/ledger/verify.js';
import { NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { NDJSON_MEDIA_TYPE, sendChunks } from '../http/ndjson.js';
import { queryOf } from '../http/parsed.pipe.js';
import { MigrationPage, type MigrationSummary } from '../intake/migration.views.js';
import type { KnownState } from '../migration/migration-state.js';
import { viewMigration } from '../migration/migration-view.js';
import { firstPositionAt, microseconds, readEvents, type EventFilter } from './audit-reading.js';
import { AuditQuery, AuditRange, AuditStateQuery, POSITION } from './audit.query.js';
import { AuditLine, VerificationView } from './audit.views.js';
import { auditLine } from './event-line.js';
import { migrationsAt } from './state-at.js';

/** The ledger for whoever wants to check it: every event with its exact text and hash. */
@ApiTags('audit')
@Controller('v1/audit')
export class AuditController {
  constructor(private readonly reader: LedgerReader) {}

  @Get('events')
  @NeedsRole('viewer', 'The ledger in position order, one JSON object per line, streamed')
  @ApiProduces(NDJSON_MEDIA_TYPE)
  @ApiOkResponse({ type: AuditLine, description: 'One per line' })
  @problemResponse(400, 'A parameter does not have its shape')
  async events(@Query(queryOf(AuditQuery)) query: AuditQuery, @Res() reply: FastifyReply): Promise<void> {
    await sendChunks(reply, NDJSON_MEDIA_TYPE, this.lines(query));
  }

  @Get('verify')
  @NeedsRole('viewer', 'Recompute the hash chain')
  @ApiOkResponse({ type: VerificationView, description: 'Verified, or the first broken position' })
  @problemResponse(400, 'A parameter does not have its shape')
  verify(@Query(queryOf(AuditRange)) { from, to }: AuditRange): Promise<Verification> {
    return verifyLedger(this.reader, {
      ...(from === undefined ? {} : { from: toPosition(from) }),
      ...(to === undefined ? {} : { to: toPosition(to) }),
    });
  }

  @Get('state')
  @NeedsRole(
    'viewer',
    'Every migration as it stood at a position or time; one per line with Accept: application/x-ndjson',
  )
  @ApiProduces('application/json', NDJSON_MEDIA_TYPE)
  @ApiOkResponse({ type: MigrationPage, description: 'All of them: `next` is null' })
  @problemResponse(400, 'It is neither a position nor a time')
  async state(
    @Query(queryOf(AuditStateQuery)) { at }: AuditStateQuery,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const items = (await this.states(at)).map(summaryOf);
    void reply.header('vary', 'accept').header('cache-control', 'no-store');
    if (accept?.includes(NDJSON_MEDIA_TYPE) === true)
      await reply.type(NDJSON_MEDIA_TYPE).send(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
    else await reply.send({ items, next: null } satisfies MigrationPage);
  }

  private async states(at: string): Promise<KnownState[]> {
    const { position: head } = await this.reader.head();
    // Whatever was recorded within the microsecond that was named had happened by then.
    const until = POSITION.test(at)
      ? lowest(toPosition(at), head)
      : toPosition((await firstPositionAt(this.reader, microseconds(at) + 1n, head)) - 1n);
    return migrationsAt(this.reader, until);
  }

  private async *lines(query: AuditQuery): AsyncGenerator<string> {
    const head = await this.reader.head();
    const filter = await this.filterOf(query, head.position);
    for await (const page of readEvents(this.reader, filter)) {
      yield page.map((event) => `${auditLine(event, head.ledgerId)}\n`).join('');
    }
  }

  private async filterOf(query: AuditQuery, head: Position): Promise<EventFilter> {
    const { from, to, since, until, type, stream } = query;
    const [start, end] = await Promise.all([
      since === undefined ? toPosition(1) : firstPositionAt(this.reader, microseconds(since), head),
      until === undefined ? toPosition(head + 1n) : firstPositionAt(this.reader, microseconds(until), head),
    ]);
    return {
      from: highest(start, toPosition(from ?? 1)),
      until: lowest(toPosition(end - 1n), toPosition(to ?? head)),
      // Names that no event has match nothing, which is the true answer.
      ...(type === undefined ? {} : { types: type.split(',').map((name) => name.trim()) as EventName[] }),
      ...(stream === undefined ? {} : { stream }),
    };
  }
}

function summaryOf(state: KnownState): MigrationSummary {
  const view = viewMigration(state, [], state.lastAt);
  const { migrationId, kind, status, subject, title, requestedBy, dryRun, createdAt, updatedAt, position } = view;
  return { migrationId, kind, status, subject, title, requestedBy, dryRun, createdAt, updatedAt, position };
}

function highest(one: Position, other: Position): Position {
  return one > other ? one : other;
}

function lowest(one: Position, other: Position): Position {
  return one < other ? one : other;
}
