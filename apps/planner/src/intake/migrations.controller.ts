import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiExtraModels, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import type { FastifyReply } from 'fastify';
import type { MigrationId } from '#shared/contracts/ids.js';
import { IntegerField } from '#shared/contracts/requests/fields.js';
import { traceparentField, traceparentOf } from '#shared/observability/trace-context.js';
import type { Principal } from '../auth/principal.js';
import { Caller, NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { migrationIdPipe } from '../http/migration-id.pipe.js';
import { untilGone } from '../http/ndjson.js';
import { queryOf } from '../http/parsed.pipe.js';
import { AcceptedMigration, migrationLinks } from './accepted.js';
import { idempotencyOf, KEY_HEADER } from './idempotency-key.js';
import { refuseKindBelowRole } from './kind-role.js';
import { MigrationIntake } from './migration-intake.js';
import { SHUTDOWN } from '../tokens.js';
import { ListQuery, MigrationList } from '../projections/migration-list.js';
import { MigrationDetail, MigrationPage } from './migration.views.js';
import { Migrations } from './migrations.js';
import { REQUEST_BODY, REQUEST_MODELS } from './request-schema.js';

const MAX_WAIT_S = 60;

class DetailQuery {
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+$/.test(value) ? Math.min(Number(value), MAX_WAIT_S) : value,
  )
  @IntegerField({
    optional: true,
    minimum: 0,
    maximum: MAX_WAIT_S,
    description: 'Seconds to wait for the next change of status; more is taken as the maximum',
  })
  readonly wait?: number;
}

/** Requests for migrations, and what became of them. */
@ApiTags('migrations')
@ApiExtraModels(...REQUEST_MODELS)
@Controller('v1/migrations')
export class MigrationsController {
  constructor(
    private readonly intake: MigrationIntake,
    private readonly migrations: Migrations,
    private readonly list: MigrationList,
    @Inject(SHUTDOWN) private readonly shutdown: AbortSignal,
  ) {}

  @Post()
  @HttpCode(202)
  @NeedsRole('requester', 'Ask for a migration')
  @ApiHeader(KEY_HEADER)
  @ApiBody(REQUEST_BODY)
  @ApiAcceptedResponse({ type: AcceptedMigration, description: 'Taken; the work goes on by itself' })
  @problemResponse(400, 'The body is not JSON or does not have its shape; a pointer per field')
  @problemResponse(409, 'Another migration holds the subject; `links.holder` names it')
  @problemResponse(413, 'The body is too large')
  @problemResponse(
    422,
    'Instance, plan, server or service is not registered, or the Idempotency-Key was used with another body',
  )
  async post(
    @Body() body: unknown,
    @Headers('idempotency-key') key: unknown,
    @Headers('traceparent') traceparent: unknown,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AcceptedMigration> {
    refuseKindBelowRole(body, caller);
    const idempotency = idempotencyOf(key, caller.keyName);
    const { answer, repeated } = await this.intake.take({
      body,
      via: 'rest',
      dryRun: false,
      actor: caller.actor,
      ...(idempotency === undefined ? {} : { idempotency }),
      ...traceparentField(traceparentOf(traceparent)),
    });
    reply.header('location', `/v1/migrations/${answer.migrationId}`);
    if (repeated) reply.header('idempotency-replayed', 'true');
    return answer;
  }

  @Get()
  @NeedsRole('viewer', 'Migrations, newest first')
  @ApiOkResponse({ type: MigrationPage })
  @problemResponse(400, 'A parameter does not have its shape')
  page(@Query(queryOf(ListQuery)) query: ListQuery): Promise<MigrationPage> {
    return this.list.page(query);
  }

  @Get(':id')
  @NeedsRole('viewer', 'One migration with its plan, steps and result')
  @ApiOkResponse({ type: MigrationDetail })
  @problemResponse(404, 'No such migration')
  async get(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Query(queryOf(DetailQuery)) { wait }: DetailQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MigrationDetail> {
    const signal = untilGone(reply, this.shutdown);
    const state = await this.migrations.waitForChange(id, { timeoutMs: (wait ?? 0) * 1000, signal });
    return { ...(await this.migrations.view(state)), links: migrationLinks(id) };
  }
}
