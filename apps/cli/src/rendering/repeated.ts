/** Flags as they were given, for a command that goes on with the same ones. */
export function repeated<Name extends string>(
  names: readonly Name[],
  options: Readonly<Partial<Record<Name, string | boolean>>>,
): string {
  return names
    .flatMap((name) => {
      const value = options[name];
      if (value === undefined || value === false) return [];
      return [value === true ? flagOf(name) : `${flagOf(name)} ${quoted(value)}`];
    })
    .map((flag) => ` ${flag}`)
    .join('');
}

/** `dryRuns` → `--dry-runs`, as commander reads it. */
function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** As a POSIX shell reads it back. */
export function quoted(text: string): string {
  return /^[\w.:@%+=,/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
