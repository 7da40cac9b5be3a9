import canonicalize from 'canonicalize';

/**
 * RFC 8785 text of a value: keys sorted, no blanks, one spelling of every number; equal content gives equal text.
 * Big integers become decimal strings, members that are undefined are left out.
 *
 * @throws TypeError for a number that is not finite.
 */
export function canonicalJson(value: object | string | number | bigint | boolean | null): string {
  const plain: unknown = JSON.parse(JSON.stringify(value, plainMember));
  const text = canonicalize(plain);
  if (text === undefined) throw new TypeError('only JSON has a canonical text');
  return text;
}

function plainMember(key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  // JSON.stringify would silently write null, and two different values would hash alike.
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`"${key}" is not a finite number`);
  return value;
}
