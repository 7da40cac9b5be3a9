import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** An event as it happened. */
export class EventLine {
  @ApiProperty({ description: 'Decimal', example: '42' })
  readonly position!: string;

  @ApiProperty({ example: 'migration-01935f3a-…' })
  readonly stream!: string;

  @ApiProperty()
  readonly streamVersion!: number;

  @ApiProperty({ format: 'uuid' })
  readonly eventId!: string;

  @ApiProperty({ example: 'PlanCompiled' })
  readonly type!: string;

  @ApiProperty()
  readonly schemaVersion!: number;

  @ApiProperty({ description: 'UTC, microseconds', example: '2026-11-21T01:02:03.123456Z' })
  readonly recordedAt!: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly data!: object;

  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly metadata!: object;

  @ApiProperty({ description: 'SHA-256, hex' })
  readonly hash!: string;

  @ApiProperty({ description: 'Of the event before, hex' })
  readonly prevHash!: string;
}

/** An event with everything its hash covers. */
export class AuditLine extends EventLine {
  @ApiProperty({ format: 'uuid' })
  readonly ledgerId!: string;

  @ApiProperty({ description: 'Exact text of `data` that the hash covers' })
  readonly dataText!: string;

  @ApiProperty({ description: 'Exact text of `metadata` that the hash covers' })
  readonly metadataText!: string;
}

export class VerificationView {
  @ApiProperty()
  readonly verified!: boolean;

  @ApiPropertyOptional({ description: 'First position that was checked' })
  readonly from?: string;

  @ApiPropertyOptional({ description: 'Last position that was checked' })
  readonly to?: string;

  @ApiPropertyOptional({ description: 'First broken position' })
  readonly brokenAt?: string;

  @ApiPropertyOptional({ enum: ['gap', 'link', 'content', 'head'] })
  readonly because?: string;

  @ApiPropertyOptional()
  readonly expected?: string;

  @ApiPropertyOptional()
  readonly found?: string;

  @ApiProperty()
  readonly headPosition!: string;

  @ApiProperty()
  readonly headHash!: string;
}
