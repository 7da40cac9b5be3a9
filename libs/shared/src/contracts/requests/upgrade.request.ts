import { Transform } from 'class-transformer';
import { ChoiceField, ObjectField, PatternField, TextField } from './fields.js';
import { MigrationOptions } from './migration-options.request.js';

export const INSTANCE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const UUID_ANY_CASE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A UUID is the same in capitals; other ids are taken as they are. */
export function normalInstanceId(id: string): string {
  return UUID_ANY_CASE.test(id) ? id.toLowerCase() : id;
}

/** A tenant's new subscription plan: its entitlements decide whether the database moves or the service is only resized. */
export class UpgradeRequest {
  @ChoiceField({ values: ['upgrade'], description: 'The kind of migration' })
  readonly kind!: 'upgrade';

  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? normalInstanceId(value) : value))
  @PatternField({
    pattern: INSTANCE_ID,
    shape: 'an instance id: 1 to 100 letters, digits, dots, dashes and underscores',
    description: 'The tenant, as registered under /v1/instances',
    example: '46784872-5f3a-4c1e-9a51-0d6a2b1c9e10',
  })
  readonly instanceId!: string;

  @TextField({
    maxLength: 100,
    description: 'Subscription plan, as registered under /v1/entitlements',
    example: 'premium',
  })
  readonly toPlan!: string;

  @ObjectField({ optional: true, type: () => MigrationOptions, description: 'What every kind takes' })
  readonly options?: MigrationOptions;
}
