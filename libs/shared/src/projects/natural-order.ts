/** Order of people: runs of digits by their number, so that `v9` comes before `v10`; the same on every machine. */
export function naturalOrder(one: string, other: string): number {
  const [left, right] = [partsOf(one), partsOf(other)];
  for (const [index, part] of left.entries()) {
    const facing = right[index];
    if (facing === undefined) return 1;
    const order = comparePart(part, facing);
    if (order !== 0) return order;
  }
  // `v01` and `v1` are two names: one of them must always come first.
  return left.length < right.length ? -1 : plainOrder(one, other);
}

function partsOf(text: string): string[] {
  return text.match(/\d+|\D+/g) ?? [];
}

function comparePart(one: string, other: string): number {
  if (!/^\d/.test(one) || !/^\d/.test(other)) return plainOrder(one, other);
  const [left, right] = [BigInt(one), BigInt(other)];
  return left < right ? -1 : Number(left > right);
}

function plainOrder(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
