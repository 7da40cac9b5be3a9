import { describe, expect, it } from '@jest/globals';
import * as actions from './action.request.js';
import { MIGRATION_REQUESTS } from './migration.request.js';
import { parseAs } from './parse.js';
import * as registry from './registry.request.js';
import * as service from './service.request.js';

type Body = new () => object;

interface Documented {
  readonly required?: boolean;
  readonly isArray?: boolean;
  readonly type?: unknown;
}

/** Every request there is, and the bodies that are chosen by a field of their own. */
const REQUESTS: readonly Body[] = [
  ...Object.values(MIGRATION_REQUESTS),
  ...Object.values(actions),
  ...Object.values(registry),
  ...Object.values(service),
];

/** The way to each field that may be left out, nested ones as well. */
function optionalFields(type: Body): string[][] {
  const fields = (Reflect.getMetadata('swagger/apiModelPropertiesArray', prototypeOf(type)) ?? []) as string[];
  return fields.flatMap((named) => {
    const field = named.slice(1);
    const { required, isArray, type: of } = documentedAs(type, field);
    const nested = isNested(of) ? optionalFields(of()) : [];
    const ways = nested.map((way) => [field, ...(isArray === true ? ['0'] : []), ...way]);
    return required === false ? [[field], ...ways] : ways;
  });
}

function documentedAs(type: Body, field: string): Documented {
  return Reflect.getMetadata('swagger/apiModelProperties', prototypeOf(type), field) as Documented;
}

function prototypeOf(type: Body): object {
  return type.prototype as object;
}

/** Told apart from `String` and the like by being an arrow, which has no prototype. */
function isNested(type: unknown): type is () => Body {
  return typeof type === 'function' && type.prototype === undefined;
}

/** `null` at the end of the way, and nothing else. */
function bodyWithNull(way: readonly string[]): unknown {
  return way.reduceRight<unknown>((inner, step) => (step === '0' ? [inner] : { [step]: inner }), null);
}

describe('a field that may be left out', () => {
  it.each(REQUESTS.map((type) => [type.name, type] as const))('is refused as null: %s', (_name, type) => {
    const accepted = optionalFields(type).filter((way) => {
      const parsed = parseAs(type, bodyWithNull(way));
      return parsed.ok || !parsed.problems.some(({ pointer }) => pointer === `/${way.join('/')}`);
    });
    expect(accepted).toEqual([]);
  });

  it('is found in nested objects and in lists', () => {
    expect(optionalFields(MIGRATION_REQUESTS.apply)).toEqual(
      expect.arrayContaining([['to'], ['options', 'runAt'], ['databases', '0', 'apps']]),
    );
    expect(optionalFields(registry.PutPolicy)).toEqual(expect.arrayContaining([['match', 'kinds']]));
  });
});
