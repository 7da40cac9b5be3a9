import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { BACKUP_TIERS, type BackupTier } from '#shared/contracts/backups.js';
import { NoRequest } from '#shared/contracts/requests/action.request.js';
import { KeptBackups } from '#shared/contracts/requests/backup.request.js';
import { ChoiceField, IdentifierField, ObjectField, TextField } from '#shared/contracts/requests/fields.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Principal } from '../auth/principal.js';
import { Caller, NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { bodyOf, queryOf } from '../http/parsed.pipe.js';
import { AcceptedMigration } from '../intake/accepted.js';
import { idempotencyOf, KEY_HEADER } from '../intake/idempotency-key.js';
import { MigrationIntake } from '../intake/migration-intake.js';
import { BackupList, BackupQuery, type BackupEntry } from './backup-list.js';
import { BackupPage, BackupView } from './backup-views.js';

/** Body of POST /v1/backups/{id}/promote. */
export class PromoteBody {
  @ChoiceField({ values: BACKUP_TIERS, description: 'Its tier from now on' })
  readonly tier!: BackupTier;
}

/** Body of POST /v1/backups/cleanup. */
export class CleanUpBody {
  @ChoiceField({ optional: true, values: BACKUP_TIERS, description: 'Only of this tier' })
  readonly tier?: BackupTier;

  @TextField({ optional: true, maxLength: 100, description: 'Only of databases of this server' })
  readonly server?: string;

  @IdentifierField({ optional: true, description: 'Only of databases of this name' })
  readonly database?: string;

  @ObjectField({ optional: true, type: () => KeptBackups, description: 'How many of each tier stay, per database' })
  readonly keep?: KeptBackups;
}

/** The catalogue of backups. What changes one is a migration of its own: its files lie at an executor. */
@ApiTags('backups')
@Controller('v1/backups')
export class BackupsController {
  constructor(
    private readonly backups: BackupList,
    private readonly intake: MigrationIntake,
  ) {}

  @Get()
  @NeedsRole('viewer', 'Backups, newest first')
  @ApiOkResponse({ type: BackupPage })
  @problemResponse(400, 'A parameter does not have its shape')
  page(@Query(queryOf(BackupQuery)) query: BackupQuery): Promise<BackupPage> {
    return this.backups.page(query);
  }

  @Get(':id')
  @NeedsRole('viewer', 'One backup')
  @ApiOkResponse({ type: BackupView })
  @problemResponse(404, 'No such backup')
  async get(@Param('id') id: string): Promise<BackupView> {
    return this.known(id);
  }

  @Post(':id/verify')
  @HttpCode(202)
  @NeedsRole('requester', 'Prove a backup by a restore into a scratch database')
  @ApiHeader(KEY_HEADER)
  @ApiBody({ type: NoRequest, required: false })
  @ApiAcceptedResponse({ type: AcceptedMigration, description: 'Taken; the work goes on by itself' })
  @problemResponse(404, 'No such backup')
  @problemResponse(409, 'Another migration works with the backup; `links.holder` names it')
  @problemResponse(422, 'Its server is not registered, or it holds no record to prove it by')
  async verify(
    @Param('id') id: string,
    @Body(bodyOf(NoRequest)) _body: NoRequest,
    @Headers('idempotency-key') key: unknown,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AcceptedMigration> {
    const { backupId } = await this.known(id);
    return this.ask({ kind: 'verify-backup', backupId }, { key, caller, reply });
  }

  @Post(':id/promote')
  @HttpCode(202)
  @NeedsRole('requester', 'Give a backup another tier')
  @ApiHeader(KEY_HEADER)
  @ApiBody({ type: PromoteBody })
  @ApiAcceptedResponse({ type: AcceptedMigration, description: 'Taken; the work goes on by itself' })
  @problemResponse(400, 'The body does not have its shape')
  @problemResponse(404, 'No such backup')
  @problemResponse(409, 'Another migration works with the backup; `links.holder` names it')
  @problemResponse(422, 'It was made by a move, which keeps it for a time')
  async promote(
    @Param('id') id: string,
    @Body(bodyOf(PromoteBody)) { tier }: PromoteBody,
    @Headers('idempotency-key') key: unknown,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AcceptedMigration> {
    const { backupId } = await this.known(id);
    return this.ask({ kind: 'promote-backup', backupId, tier }, { key, caller, reply });
  }

  @Post('cleanup')
  @HttpCode(202)
  @NeedsRole('operator', 'Remove backups that no tier keeps any longer')
  @ApiHeader(KEY_HEADER)
  @ApiBody({ type: CleanUpBody, required: false })
  @ApiAcceptedResponse({ type: AcceptedMigration, description: 'Taken; the work goes on by itself' })
  @problemResponse(400, 'The body does not have its shape')
  @problemResponse(409, 'Another clean-up is at work; `links.holder` names it')
  cleanUp(
    @Body(bodyOf(CleanUpBody)) body: CleanUpBody,
    @Headers('idempotency-key') key: unknown,
    @Caller() caller: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AcceptedMigration> {
    return this.ask({ kind: 'clean-up-backups', ...body }, { key, caller, reply });
  }

  private async ask(body: object, { key, caller, reply }: Asking): Promise<AcceptedMigration> {
    const idempotency = idempotencyOf(key, caller.keyName);
    const { answer, repeated } = await this.intake.take({
      body,
      via: 'rest',
      dryRun: false,
      actor: caller.actor,
      ...(idempotency === undefined ? {} : { idempotency }),
    });
    reply.header('location', `/v1/migrations/${answer.migrationId}`);
    if (repeated) reply.header('idempotency-replayed', 'true');
    return answer;
  }

  private async known(id: string): Promise<BackupEntry> {
    // What is no UUID names no backup, so it is 404 like any unknown one.
    const found = UUID.test(id) ? await this.backups.find(id.toLowerCase()) : undefined;
    if (found !== undefined) return found;
    throw new RehomeError('NOT_FOUND', `there is no backup "${id.slice(0, 100)}"; GET /v1/backups lists them`);
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface Asking {
  readonly key: unknown;
  readonly caller: Principal;
  readonly reply: FastifyReply;
}
