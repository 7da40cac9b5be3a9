import type { MigrationName } from '../contracts/projects.js';

export type FoundVersion<T> =
  | { readonly ok: true; readonly found: T }
  | { readonly ok: false; readonly reason: 'unknown' | 'ambiguous'; readonly message: string };

/**
 * The migration that a person means: `v006`, `v006_add_monitoring_tables`, `app/v006` or `app/v006_add_monitoring_tables`.
 * A bare version is looked for in all the given ones, and must be one.
 */
export function findVersion<T extends MigrationName>(word: string, among: readonly T[]): FoundVersion<T> {
  const slash = word.indexOf('/');
  const app = slash < 0 ? undefined : word.slice(0, slash);
  const rest = word.slice(slash + 1);
  const candidates = among.filter((one) => (app === undefined || one.app === app) && isMeant(one, rest));
  const [found, another] = candidates;
  if (found === undefined)
    return { ok: false, reason: 'unknown', message: `no migration is called "${word}"${nearest(app, among)}` };
  if (another === undefined) return { ok: true, found };
  const named = candidates.map((one) => `${one.app}/${one.version}`).join(', ');
  return { ok: false, reason: 'ambiguous', message: `"${word}" may be ${named}; write which` };
}

/** `app/version_name`, as people are told of it. */
export function fullName({ app, version, name }: MigrationName): string {
  return `${app}/${version}_${name}`;
}

export function idOf({ app, version }: Pick<MigrationName, 'app' | 'version'>): string {
  return `${app}/${version}`;
}

function isMeant({ version, name }: MigrationName, word: string): boolean {
  return word === version || word === `${version}_${name}`;
}

function nearest(app: string | undefined, among: readonly MigrationName[]): string {
  const last = among.filter((one) => app === undefined || one.app === app).at(-1);
  return last === undefined ? '' : `; the last one is ${fullName(last)}`;
}
