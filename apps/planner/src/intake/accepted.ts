import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { AcceptedAnswer } from '#shared/contracts/answers.js';

/** The answer to a request that was taken; the work goes on by itself. */
export class AcceptedMigration implements AcceptedAnswer {
  @ApiProperty({ format: 'uuid' })
  readonly migrationId!: string;

  @ApiPropertyOptional({ description: 'The tenant, when the request names one' })
  readonly instanceId?: string;

  @ApiProperty({
    enum: ['migrating', 'requested'],
    description: '`migrating` when an upgrade’s entitlements require a move',
  })
  readonly status!: 'migrating' | 'requested';

  @ApiProperty({ description: 'One sentence for people' })
  readonly message!: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { self: '/v1/migrations/0193…' } })
  readonly links!: Readonly<Record<string, string>>;
}

/** Where to go on with a migration. */
export function migrationLinks(migrationId: string): Record<string, string> {
  const self = `/v1/migrations/${migrationId}`;
  return { self, events: `${self}/events`, cancel: `${self}/cancel`, rollback: `${self}/rollback` };
}

export function planLinks(migrationId: string): Record<string, string> {
  return { self: `/v1/plans/${migrationId}`, events: `/v1/migrations/${migrationId}/events` };
}
