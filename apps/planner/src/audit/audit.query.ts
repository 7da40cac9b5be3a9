import { PatternField, TextField, TimeField } from '#shared/contracts/requests/fields.js';

export const POSITION = /^\d{1,18}$/;
const POSITION_SHAPE = 'a position, a whole number';

export class AuditRange {
  @PatternField({
    optional: true,
    pattern: POSITION,
    shape: POSITION_SHAPE,
    description: 'First position; the first of all when silent',
    example: '1',
  })
  readonly from?: string;

  @PatternField({
    optional: true,
    pattern: POSITION,
    shape: POSITION_SHAPE,
    description: 'Last position; the head when silent',
  })
  readonly to?: string;
}

export class AuditQuery extends AuditRange {
  @TextField({
    optional: true,
    maxLength: 600,
    description: 'One stream, or all that begin so with `*` at the end',
    example: 'migration-*',
  })
  readonly stream?: string;

  @TextField({
    optional: true,
    maxLength: 500,
    description: 'Event names, separated by commas',
    example: 'PlanCompiled,StepFailed',
  })
  readonly type?: string;

  @TimeField({ optional: true, description: 'Recorded at or after' })
  readonly since?: string;

  @TimeField({ optional: true, description: 'Recorded before' })
  readonly until?: string;
}

export class AuditStateQuery {
  @PatternField({
    pattern: /^(?:\d{1,18}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))$/,
    shape: 'a position or an RFC 3339 time with Z or an offset',
    description: 'A position, or a time',
    example: '42',
  })
  readonly at!: string;
}
