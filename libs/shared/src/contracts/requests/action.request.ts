import { ChoiceField, PatternField, TextField } from './fields.js';

/** Body of POST …/approve: the hash binds the approval to one plan. */
export class ApproveRequest {
  @PatternField({
    pattern: /^(?:sha256:)?[0-9a-f]{64}$/,
    shape: 'the plan’s hash, 64 hex digits',
    description: '`planHash` of the migration',
  })
  readonly planHash!: string;

  @TextField({ optional: true, maxLength: 1000, description: 'Kept in the ledger and shown to people' })
  readonly reason?: string;
}

/** Body of POST …/cancel, …/pause, …/resume, …/retry, …/rollback. */
export class ReasonRequest {
  @TextField({ optional: true, maxLength: 1000, description: 'Kept in the ledger and shown to people' })
  readonly reason?: string;
}

/** Body of POST …/resolve: a person says what became of a step nobody may guess about. */
export class ResolveRequest {
  @PatternField({
    pattern: /^[a-z0-9][a-z0-9-]{0,62}$/,
    shape: 'the id of a step',
    description: 'The step that waits for a decision',
    example: 'restore-database',
  })
  readonly stepId!: string;

  @ChoiceField({ values: ['done', 'not-done', 'failed'], description: 'What was found' })
  readonly outcome!: 'done' | 'not-done' | 'failed';

  @TextField({ maxLength: 1000, description: 'How it was found out' })
  readonly note!: string;
}

/** Calls that take nothing: a field there is a misunderstanding. */
export class NoRequest {}
