import { ChoiceField, IntegerField, LabelsField, TimeField } from './fields.js';

const THIRTY_DAYS_MS = 2_592_000_000;

/** What every kind of request takes beside its own fields. */
export class MigrationOptions {
  @ChoiceField({
    optional: true,
    values: ['auto', 'required'],
    description: '`required`: the plan waits for POST …/approve with its hash',
  })
  readonly approval?: 'auto' | 'required';

  @TimeField({ optional: true, description: 'Not before this time; inspected again then' })
  readonly runAt?: string;

  @IntegerField({
    optional: true,
    minimum: 0,
    maximum: THIRTY_DAYS_MS,
    description: 'Exceeded before the point of no return: taken back. Milliseconds',
  })
  readonly maxDowntimeMs?: number;

  @ChoiceField({ optional: true, values: [true, false], description: 'The plan on copies, services untouched' })
  readonly rehearse?: boolean;

  @ChoiceField({
    optional: true,
    values: ['refuse', 'queue'],
    description: 'When another migration holds the subject; Kafka requests queue by default',
  })
  readonly onBusy?: 'refuse' | 'queue';

  @LabelsField({ optional: true, maxItems: 32, description: 'Names and values that are carried along' })
  readonly labels?: Readonly<Record<string, string>>;
}
