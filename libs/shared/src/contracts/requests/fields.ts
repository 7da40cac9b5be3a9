import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsNumber, Max, Min, ValidateBy, ValidateIf, ValidateNested } from 'class-validator';

interface FieldOptions {
  readonly description: string;
  readonly optional?: boolean;
  readonly example?: unknown;
}

/** A field that may be left out; `null` counts as left out nowhere, so that a typo is not silently a default. */
function presence(options: FieldOptions): PropertyDecorator {
  return options.optional === true ? ValidateIf((_, value) => value !== undefined) : () => undefined;
}

function documented(options: FieldOptions, schema: object): PropertyDecorator {
  const { description, example } = options;
  return ApiProperty({
    description,
    required: options.optional !== true,
    ...(example === undefined ? {} : { example }),
    ...schema,
  });
}

function rule(name: string, message: string, holds: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } });
}

// Written as escapes: a control character in a name is nearly always a mistake, and PostgreSQL refuses \0.

const CONTROL = /[\u0000-\u001f\u007f]/;

/** Text of 1 to `maxLength` characters without control characters. */
export function TextField(options: FieldOptions & { readonly maxLength?: number }): PropertyDecorator {
  const maxLength = options.maxLength ?? 200;
  const message = `must be a text of 1 to ${String(maxLength)} characters without control characters`;
  return applyDecorators(
    presence(options),
    rule('text', message, (v) => typeof v === 'string' && v.length > 0 && v.length <= maxLength && !CONTROL.test(v)),
    documented(options, { type: 'string', minLength: 1, maxLength }),
  );
}

interface PatternOptions extends FieldOptions {
  readonly pattern: RegExp;
  readonly shape: string;
  /** Schemas of what a caller may write in its place, and what is put into fields of its own before they are validated. */
  readonly orWritten?: readonly object[];
}

/** Text of a shape; `shape` says it in words. */
export function PatternField(options: PatternOptions): PropertyDecorator {
  const { orWritten } = options;
  const schema = { type: 'string', pattern: options.pattern.source };
  return applyDecorators(
    presence(options),
    rule(
      'pattern',
      `must be ${options.shape}`,
      (v) => typeof v === 'string' && !CONTROL.test(v) && options.pattern.test(v),
    ),
    documented(options, orWritten === undefined ? schema : { oneOf: [schema, ...orWritten] }),
  );
}

/** Name of a database, role or schema: any characters, at most the 63 bytes that PostgreSQL keeps. */
export function IdentifierField(options: FieldOptions): PropertyDecorator {
  return applyDecorators(
    presence(options),
    rule(
      'identifier',
      'must be a name of 1 to 63 bytes, which is what PostgreSQL keeps, without control characters',
      (v) => {
        return typeof v === 'string' && v.length > 0 && Buffer.byteLength(v) <= 63 && !CONTROL.test(v);
      },
    ),
    documented(options, { type: 'string', minLength: 1, maxLength: 63 }),
  );
}

const SECRET_REF = /^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:\/.+|vault:\S.*)$/;

/** Where a secret is, never the secret itself. */
export function SecretRefField(options: FieldOptions): PropertyDecorator {
  return PatternField({
    example: 'env:REHOME_SECRET_POOL_2',
    ...options,
    pattern: SECRET_REF,
    shape: 'a reference to a secret, not the secret: env:NAME, file:/PATH or vault:NAME',
  });
}

export function IntegerField(
  options: FieldOptions & { readonly minimum: number; readonly maximum: number },
): PropertyDecorator {
  const { minimum, maximum } = options;
  const message = `must be a whole number from ${String(minimum)} to ${String(maximum)}`;
  return applyDecorators(
    presence(options),
    IsInt({ message }),
    Min(minimum, { message }),
    Max(maximum, { message }),
    documented(options, { type: 'integer', minimum, maximum }),
  );
}

export function AmountField(options: FieldOptions & { readonly maximum: number }): PropertyDecorator {
  const message = `must be a number above 0, at most ${String(options.maximum)}`;
  return applyDecorators(
    presence(options),
    IsNumber({ allowNaN: false, allowInfinity: false }, { message }),
    Min(Number.MIN_VALUE, { message }),
    Max(options.maximum, { message }),
    documented(options, { type: 'number', exclusiveMinimum: true, minimum: 0, maximum: options.maximum }),
  );
}

export function ChoiceField(
  options: FieldOptions & { readonly values: readonly (string | boolean)[] },
): PropertyDecorator {
  const message = `must be ${options.values.map(String).join(' or ')}`;
  return applyDecorators(
    presence(options),
    IsIn([...options.values], { message }),
    documented(options, { enum: [...options.values] }),
  );
}

/** A list of some of `values`, each at most once; at least one unless `minItems` says otherwise. */
export function ChoicesField(
  options: FieldOptions & { readonly values: readonly string[]; readonly minItems?: 0 },
): PropertyDecorator {
  const { values, minItems = 1 } = options;
  const holds = (v: unknown): boolean =>
    Array.isArray(v) &&
    v.length >= minItems &&
    new Set(v).size === v.length &&
    v.every((item) => values.includes(item as string));
  return applyDecorators(
    presence(options),
    rule('choices', `must be a list of ${values.join(', ')}, each at most once`, holds),
    documented(options, { enum: [...values], isArray: true }),
  );
}

/** RFC 3339 with an offset: without one nobody knows when it is. */
export function TimeField(options: FieldOptions): PropertyDecorator {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
  return applyDecorators(
    presence(options),
    rule('time', 'must be an RFC 3339 time with Z or an offset, such as 2026-11-21T01:02:03Z', (v) => {
      return typeof v === 'string' && shape.test(v) && !Number.isNaN(Date.parse(v));
    }),
    documented(options, { type: 'string', format: 'date-time' }),
  );
}

/** An object of another class, validated with it. */
export function ObjectField(options: FieldOptions & { readonly type: () => new () => object }): PropertyDecorator {
  return applyDecorators(
    presence(options),
    rule('object', 'must be an object', (v) => typeof v === 'object' && v !== null && !Array.isArray(v)),
    ValidateNested(),
    Type(options.type),
    documented(options, { type: options.type }),
  );
}

/** A list of objects of another class, each validated with it. */
export function ObjectsField(
  options: FieldOptions & { readonly type: () => new () => object; readonly maxItems: number },
): PropertyDecorator {
  return applyDecorators(
    presence(options),
    rule(
      'list',
      `must be a list of at most ${String(options.maxItems)}`,
      (v) => Array.isArray(v) && v.length <= options.maxItems,
    ),
    ValidateNested({ each: true }),
    Type(options.type),
    documented(options, { type: options.type, isArray: true }),
  );
}

/** A list of texts, at least one unless `minItems` says otherwise. */
export function TextsField(
  options: FieldOptions & { readonly minItems?: 0; readonly maxItems: number },
): PropertyDecorator {
  const { minItems = 1 } = options;
  const holds = (v: unknown): boolean =>
    Array.isArray(v) &&
    v.length >= minItems &&
    v.length <= options.maxItems &&
    v.every((item) => typeof item === 'string' && item !== '');
  return applyDecorators(
    presence(options),
    rule('texts', `must be a list of ${String(minItems)} to ${String(options.maxItems)} non-empty texts`, holds),
    documented(options, { type: 'string', isArray: true }),
  );
}

/** Names and values, both short texts. */
export function LabelsField(options: FieldOptions & { readonly maxItems: number }): PropertyDecorator {
  const holds = (v: unknown): boolean => {
    if (typeof v !== 'object' || v === null || Array.isArray(v)) return false;
    const entries: [string, unknown][] = Object.entries(v);
    return (
      entries.length <= options.maxItems &&
      entries.every(([k, t]) => k.length <= 63 && typeof t === 'string' && t.length <= 256)
    );
  };
  return applyDecorators(
    presence(options),
    rule('labels', `must be an object of at most ${String(options.maxItems)} short texts`, holds),
    documented(options, { type: 'object', additionalProperties: { type: 'string' } }),
  );
}
