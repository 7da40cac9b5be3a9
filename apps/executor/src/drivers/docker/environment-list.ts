/** Sets variables in a list of `NAME=value` at their places; new ones come last, all others stay. */
export function withVariables(list: readonly string[], variables: Readonly<Record<string, string>>): string[] {
  const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? '';
  const known = new Set(list.map(nameOf));
  const changed = list.map((entry) => {
    const value = Object.hasOwn(variables, nameOf(entry)) ? variables[nameOf(entry)] : undefined;
    return value === undefined ? entry : `${nameOf(entry)}=${value}`;
  });
  const added = Object.entries(variables).filter(([name]) => !known.has(name));
  return [...changed, ...added.map(([name, value]) => `${name}=${value}`)];
}

export function holdsVariables(list: readonly string[], variables: Readonly<Record<string, string>>): boolean {
  return Object.entries(variables).every(([name, value]) => list.includes(`${name}=${value}`));
}
