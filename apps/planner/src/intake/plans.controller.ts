import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { toMigrationId, type MigrationId } from '#shared/contracts/ids.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Principal } from '../auth/principal.js';
import { Caller, NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { migrationIdPipe } from '../http/migration-id.pipe.js';
import { untilGone } from '../http/ndjson.js';
import { idempotencyOf } from './idempotency-key.js';
import { MigrationIntake } from './migration-intake.js';
import { isOver, type KnownState } from '../migration/migration-state.js';
import type { PlannerConfig } from '../planner.config.js';
import { CONFIG, SHUTDOWN } from '../tokens.js';
import { Migrations } from './migrations.js';
import { planView, PlanView } from './plan.views.js';
import { REQUEST_BODY } from './request-schema.js';

/** Dry runs: inspected and compiled, every step described, nothing changed. */
@ApiTags('plans')
@Controller('v1/plans')
export class PlansController {
  constructor(
    private readonly intake: MigrationIntake,
    private readonly migrations: Migrations,
    @Inject(CONFIG) private readonly config: Pick<PlannerConfig, 'dryRunWaitMs'>,
    @Inject(SHUTDOWN) private readonly shutdown: AbortSignal,
  ) {}

  @Post()
  @HttpCode(200)
  @NeedsRole('requester', 'Plan without changing anything')
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'The same key and body get the same plan again' })
  @ApiBody(REQUEST_BODY)
  @ApiOkResponse({
    type: PlanView,
    description: 'The plan with every step’s exact SQL and commands, or every reason why there is none',
  })
  @ApiAcceptedResponse({ type: PlanView, description: 'Not ready yet; ask again at `links.self`' })
  @problemResponse(400, 'The body is not JSON or does not have its shape; a pointer per field')
  @problemResponse(422, 'Instance, plan, server or service is not registered')
  async post(
    @Body() body: unknown,
    @Headers('idempotency-key') key: unknown,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PlanView> {
    const idempotency = idempotencyOf(key, caller.keyName);
    const { answer } = await this.intake.take({
      body,
      via: 'rest',
      dryRun: true,
      actor: caller.actor,
      ...(idempotency === undefined ? {} : { idempotency }),
    });
    const patience = { timeoutMs: this.config.dryRunWaitMs, signal: untilGone(reply, this.shutdown) };
    const state = await this.migrations.waitUntil(toMigrationId(answer.migrationId), isDecided, patience);
    reply.header('location', `/v1/plans/${answer.migrationId}`);
    if (!isDecided(state)) reply.status(202);
    return planView(state);
  }

  @Get(':id')
  @NeedsRole('viewer', 'One dry run')
  @ApiOkResponse({ type: PlanView })
  @problemResponse(404, 'No such dry run')
  async get(@Param('id', migrationIdPipe) id: MigrationId): Promise<PlanView> {
    const state = await this.migrations.get(id);
    if (!state.request.dryRun)
      throw new RehomeError('NOT_FOUND', `${id} is a migration, not a dry run; see /v1/migrations/${id}`);
    return planView(state);
  }
}

/** Halted too: a person must look at it, waiting brings nothing. */
function isDecided(state: KnownState): boolean {
  return isOver(state) || state.status === 'halted';
}
