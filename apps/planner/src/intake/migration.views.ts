import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MIGRATION_STATUSES, type MigrationSummaryAnswer } from '#shared/contracts/answers.js';

export class FailureView {
  @ApiProperty({ example: 'VERIFICATION_FAILED' })
  readonly code!: string;

  @ApiProperty({ description: 'What, where and what to do' })
  readonly detail!: string;

  @ApiProperty({ required: false, description: 'SQLSTATE of PostgreSQL' })
  readonly sqlState?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  readonly facts?: object;
}

export class CheckView {
  @ApiProperty({ example: 'disk-headroom' })
  readonly name!: string;

  @ApiProperty({ enum: ['error', 'warning', 'info'] })
  readonly severity!: string;

  @ApiProperty()
  readonly passed!: boolean;

  @ApiProperty()
  readonly found!: string;

  @ApiProperty({ required: false, description: 'What to do when it did not pass' })
  readonly remedy?: string;
}

export class ProgressView {
  @ApiProperty()
  readonly done!: number;

  @ApiProperty()
  readonly total!: number;

  @ApiProperty({ example: 'tables' })
  readonly unit!: string;
}

export class StepRow {
  @ApiProperty({ example: 'restore-database' })
  readonly id!: string;

  @ApiProperty({ example: 'restore-database' })
  readonly kind!: string;

  @ApiProperty({ enum: ['inspect', 'prepare', 'cutover', 'switch', 'finish'] })
  readonly phase!: string;

  @ApiProperty()
  readonly title!: string;

  @ApiProperty({ example: 'running' })
  readonly status!: string;

  @ApiProperty({ description: 'The application is down while it runs' })
  readonly down!: boolean;

  @ApiProperty()
  readonly attempt!: number;

  @ApiProperty()
  readonly generation!: number;

  @ApiProperty({ type: () => ProgressView, nullable: true })
  readonly progress!: ProgressView | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly startedAt!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly finishedAt!: string | null;

  @ApiProperty({ type: () => FailureView, nullable: true })
  readonly error!: FailureView | null;
}

/** A migration as a list shows it. */
export class MigrationSummary implements MigrationSummaryAnswer {
  @ApiProperty({ format: 'uuid' })
  readonly migrationId!: string;

  @ApiProperty({ example: 'upgrade' })
  readonly kind!: string;

  @ApiProperty({ enum: MIGRATION_STATUSES })
  readonly status!: string;

  @ApiProperty({ example: 'instance:46784872-…' })
  readonly subject!: string;

  @ApiProperty({ example: 'upgrade of odoo_acme to premium' })
  readonly title!: string;

  @ApiProperty({ example: 'key:billing' })
  readonly requestedBy!: string;

  @ApiProperty()
  readonly dryRun!: boolean;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;

  @ApiProperty({ format: 'date-time' })
  readonly updatedAt!: string;

  @ApiProperty({ description: 'Of the newest event in it, decimal' })
  readonly position!: string;
}

export class MigrationPage {
  @ApiProperty({ type: () => MigrationSummary, isArray: true })
  readonly items!: readonly MigrationSummary[];

  @ApiProperty({ type: String, nullable: true, description: 'Pass as `after` for the next page; null at the end' })
  readonly next!: string | null;
}

export class ApprovalView {
  @ApiProperty({ type: String, isArray: true, description: 'Policies that want it; none when only the request does' })
  readonly policies!: readonly string[];

  @ApiProperty({ description: 'The approver must be another than who asked' })
  readonly fourEyes!: boolean;
}

/** One migration with everything that is known of it. */
export class MigrationDetail extends MigrationSummary {
  @ApiProperty({ type: 'object', additionalProperties: true })
  readonly request!: object;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  readonly plan!: object | null;

  @ApiProperty({ type: String, nullable: true })
  readonly planHash!: string | null;

  @ApiProperty({ type: () => ApprovalView, nullable: true, description: 'What the plan waits or waited for' })
  readonly approval!: ApprovalView | null;

  @ApiProperty({ type: String, isArray: true })
  readonly warnings!: readonly string[];

  @ApiProperty({ type: () => CheckView, isArray: true })
  readonly checks!: readonly CheckView[];

  @ApiProperty({ type: () => StepRow, isArray: true })
  readonly steps!: readonly StepRow[];

  @ApiProperty({ description: 'How long the application was, or has been, down' })
  readonly downtimeMs!: number;

  @ApiProperty()
  readonly pointOfNoReturnPassed!: boolean;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'By kind; a move has a `certificate`',
  })
  readonly result!: object | null;

  @ApiProperty({ type: () => FailureView, isArray: true, description: 'Why it was refused, taken back or halted' })
  readonly reasons!: readonly FailureView[];

  @ApiProperty({ type: String, nullable: true, description: 'Step at which a person must decide' })
  readonly haltedAt!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, isArray: true })
  readonly leftovers!: readonly object[];

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly runAt!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly links!: Readonly<Record<string, string>>;
}
