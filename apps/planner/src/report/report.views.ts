import { ApiProperty } from '@nestjs/swagger';
import { FailureView, MigrationDetail } from '../intake/migration.views.js';

class EntryView {
  @ApiProperty({ description: 'Decimal' })
  readonly position!: string;

  @ApiProperty({ format: 'date-time' })
  readonly at!: string;

  @ApiProperty({ example: 'StepSucceeded' })
  readonly type!: string;

  @ApiProperty({ example: 'executor:a1b2' })
  readonly actor!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly stepId!: string | null;

  @ApiProperty({ description: 'What happened, in a sentence' })
  readonly text!: string;

  @ApiProperty({ type: () => FailureView, nullable: true })
  readonly failure!: FailureView | null;

  @ApiProperty({ description: 'SHA-256 of the event, hex' })
  readonly hash!: string;
}

class LedgerPlaceView {
  @ApiProperty()
  readonly firstPosition!: string;

  @ApiProperty()
  readonly lastPosition!: string;

  @ApiProperty()
  readonly lastHash!: string;

  @ApiProperty()
  readonly events!: number;
}

/** A migration and each of its events as a sentence. */
export class ReportView extends MigrationDetail {
  @ApiProperty({ enum: [1] })
  readonly reportVersion!: number;

  @ApiProperty({ type: () => EntryView, isArray: true })
  readonly entries!: readonly EntryView[];

  @ApiProperty({ type: () => LedgerPlaceView })
  readonly ledger!: LedgerPlaceView;
}
