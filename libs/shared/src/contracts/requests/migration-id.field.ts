import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { PatternField } from './fields.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Id of a migration or of a backup; capitals are the same. */
export function MigrationIdField(options: { readonly description: string }): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value)),
    PatternField({ ...options, pattern: UUID, shape: 'a UUID', example: '0193a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b' }),
  );
}
