import { Body, Controller, createParamDecorator, HttpCode, Param, Post, type ExecutionContext } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ActionAnswer } from '#shared/contracts/answers.js';
import type { MigrationId } from '#shared/contracts/ids.js';
import { ApproveRequest, ReasonRequest, ResolveRequest } from '#shared/contracts/requests/action.request.js';
import { callerOf, NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { migrationIdPipe } from '../http/migration-id.pipe.js';
import { bodyOf } from '../http/parsed.pipe.js';
import { migrationLinks } from './accepted.js';
import { idempotencyOf, KEY_HEADER } from './idempotency-key.js';
import { MigrationActions, type Action, type Asking } from './migration-actions.js';

class ActionView implements ActionAnswer {
  @ApiProperty({ format: 'uuid' })
  readonly migrationId!: string;

  @ApiProperty({ description: 'As it stands now; what was asked for follows' })
  readonly status!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly links!: Readonly<Record<string, string>>;
}

interface Wishing extends Asking {
  readonly reply: FastifyReply;
}

/** Who wishes, under which key, and where the answer goes. */
const Wishes = createParamDecorator((_: unknown, context: ExecutionContext): Wishing => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  const { actor, keyName } = callerOf(request);
  const idempotency = idempotencyOf(request.headers['idempotency-key'], keyName);
  return { actor, idempotency, reply: http.getResponse<FastifyReply>() };
});

const KEY_REUSED = 'The Idempotency-Key was used for another request';
const NO_REASON = 'no reason given';

/** What people may ask of a migration; each is an event, and 409 says why it does not fit. */
@ApiTags('migrations')
@ApiHeader(KEY_HEADER)
@Controller('v1/migrations/:id')
export class ActionsController {
  constructor(private readonly actions: MigrationActions) {}

  @Post('approve')
  @HttpCode(202)
  @NeedsRole('approver', 'Approve the plan with this hash')
  @ApiBody({ type: ApproveRequest })
  @ApiAcceptedResponse({ type: ActionView })
  @problemResponse(422, KEY_REUSED)
  @problemResponse(409, 'It waits for no approval, or its plan has another hash')
  approve(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Body(bodyOf(ApproveRequest)) { planHash, reason }: ApproveRequest,
    @Wishes() wishes: Wishing,
  ): Promise<ActionView> {
    return this.ask(id, { action: 'approve', planHash, ...(reason === undefined ? {} : { reason }) }, wishes);
  }

  @Post('cancel')
  @HttpCode(202)
  @NeedsRole('requester', 'Cancel: what was done is taken back')
  @ApiBody({ type: ReasonRequest, required: false })
  @ApiAcceptedResponse({ type: ActionView })
  @problemResponse(422, KEY_REUSED)
  @problemResponse(409, 'It is over, or the application is being started on the target')
  cancel(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Body(bodyOf(ReasonRequest)) { reason }: ReasonRequest,
    @Wishes() wishes: Wishing,
  ): Promise<ActionView> {
    return this.ask(id, { action: 'cancel', reason: reason ?? NO_REASON }, wishes);
  }

  @Post('rollback')
  @HttpCode(202)
  @NeedsRole('requester', 'Roll back: possible until the point of no return')
  @ApiBody({ type: ReasonRequest, required: false })
  @ApiAcceptedResponse({ type: ActionView })
  @problemResponse(422, KEY_REUSED)
  @problemResponse(409, 'It is over, or the point of no return has passed')
  rollback(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Body(bodyOf(ReasonRequest)) { reason }: ReasonRequest,
    @Wishes() wishes: Wishing,
  ): Promise<ActionView> {
    return this.ask(id, { action: 'rollback', reason: reason ?? NO_REASON }, wishes);
  }

  @Post('pause')
  @HttpCode(202)
  @NeedsRole('operator', 'Hold back the next step')
  @ApiBody({ type: ReasonRequest, required: false })
  @ApiAcceptedResponse({ type: ActionView })
  @problemResponse(422, KEY_REUSED)
  @problemResponse(409, 'It is not under way, or the application is down')
  pause(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Body(bodyOf(ReasonRequest)) { reason }: ReasonRequest,
    @Wishes() wishes: Wishing,
  ): Promise<ActionView> {
    return this.ask(id, { action: 'pause', reason: reason ?? NO_REASON }, wishes);
  }

  @Post('resume')
  @HttpCode(202)
  @NeedsRole('operator', 'Go on after a pause')
  @ApiBody({ type: ReasonRequest, required: false })
  @ApiAcceptedResponse({ type: ActionView })
  @problemResponse(422, KEY_REUSED)
  @problemResponse(409, 'It is not paused')
  resume(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Body(bodyOf(ReasonRequest)) { reason }: ReasonRequest,
    @Wishes() wishes: Wishing,
  ): Promise<ActionView> {
    return this.ask(id, { action: 'resume', ...(reason === undefined ? {} : { reason }) }, wishes);
  }

  @Post('retry')
  @HttpCode(202)
  @NeedsRole('operator', 'Try the step again at which it halted')
  @ApiBody({ type: ReasonRequest, required: false })
  @ApiAcceptedResponse({ type: ActionView })
  @problemResponse(422, KEY_REUSED)
  @problemResponse(409, 'It did not halt at a step')
  retry(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Body(bodyOf(ReasonRequest)) { reason }: ReasonRequest,
    @Wishes() wishes: Wishing,
  ): Promise<ActionView> {
    return this.ask(id, { action: 'retry', ...(reason === undefined ? {} : { reason }) }, wishes);
  }

  @Post('resolve')
  @HttpCode(202)
  @NeedsRole('operator', 'Say what became of the step at which it halted')
  @ApiBody({ type: ResolveRequest })
  @ApiAcceptedResponse({ type: ActionView })
  @problemResponse(422, KEY_REUSED)
  @problemResponse(409, 'It did not halt at this step')
  resolve(
    @Param('id', migrationIdPipe) id: MigrationId,
    @Body(bodyOf(ResolveRequest)) { stepId, outcome, note }: ResolveRequest,
    @Wishes() wishes: Wishing,
  ): Promise<ActionView> {
    return this.ask(id, { action: 'resolve', stepId, outcome, note }, wishes);
  }

  private async ask(id: MigrationId, action: Action, { reply, ...asking }: Wishing): Promise<ActionView> {
    const { status, repeated } = await this.actions.ask(id, action, asking);
    if (repeated) reply.header('idempotency-replayed', 'true');
    return { migrationId: id, status, links: migrationLinks(id) };
  }
}
