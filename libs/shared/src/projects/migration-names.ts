import type { ProjectProblem } from './migration-file.js';
import type { MigrationName } from '../contracts/projects.js';
import type { ProjectFiles } from './bundle/project-files.js';
import { idOf } from './version-words.js';

export type ScriptRole = 'up' | 'down' | 'verify';

/** The paths of one migration's scripts. */
export interface MigrationPaths extends MigrationName {
  readonly id: string;
  readonly up: string;
  readonly down?: string;
  readonly verify?: string;
}

const SCRIPT =
  /^migrations\/(?<app>[a-z][a-z0-9_-]{0,62})\/(?<version>[A-Za-z0-9.-]{1,63})_(?<name>[A-Za-z0-9_.-]{1,150})\.(?<role>up|down|verify)\.sql$/;
const SHAPE = 'migrations/<app>/<version>_<name>.up.sql, .down.sql or .verify.sql';

interface NamedScript extends MigrationName {
  readonly path: string;
  readonly role: ScriptRole;
}

/** Which migrations a project's files are; every script below `migrations` must belong to one. */
export function migrationPaths(files: ProjectFiles): {
  readonly migrations: readonly MigrationPaths[];
  readonly problems: readonly ProjectProblem[];
} {
  const problems: ProjectProblem[] = [];
  const byId = new Map<string, NamedScript[]>();
  for (const path of files.keys()) {
    if (!path.startsWith('migrations/') || !path.endsWith('.sql')) continue;
    const script = scriptOf(path);
    if (script === undefined) problems.push({ path, message: `is not named as a migration; name it ${SHAPE}` });
    else byId.set(idOf(script), [...(byId.get(idOf(script)) ?? []), script]);
  }
  const migrations = [...byId].flatMap(([id, scripts]) => oneMigration(id, scripts, problems));
  return { migrations, problems };
}

function scriptOf(path: string): NamedScript | undefined {
  const { app, version, name, role } = SCRIPT.exec(path)?.groups ?? {};
  if (app === undefined || version === undefined || name === undefined) return undefined;
  return role === 'up' || role === 'down' || role === 'verify' ? { path, app, version, name, role } : undefined;
}

function oneMigration(id: string, scripts: readonly NamedScript[], problems: ProjectProblem[]): MigrationPaths[] {
  const ups = scripts.filter(({ role }) => role === 'up').sort((one, other) => (one.path < other.path ? -1 : 1));
  const [up, second] = ups;
  if (up === undefined) {
    const without = scripts.map(({ path }) => ({
      path,
      message: 'has no up script; add one of the same name, or remove it',
    }));
    problems.push(...without);
    return [];
  }
  if (second !== undefined)
    problems.push({
      path: second.path,
      message: `is ${id} like ${up.path}; a version, which ends at the first underscore, is given once: take the next one`,
    });
  for (const { path } of scripts.filter(({ name, role }) => name !== up.name && role !== 'up'))
    problems.push({ path, message: `is ${id} like ${up.path} but called otherwise; give both the same name` });
  const { app, version, name } = up;
  const path = (wanted: ScriptRole): string | undefined =>
    scripts.find((script) => script.role === wanted && script.name === name)?.path;
  const [down, verify] = [path('down'), path('verify')];
  return [
    {
      id,
      app,
      version,
      name,
      up: up.path,
      ...(down === undefined ? {} : { down }),
      ...(verify === undefined ? {} : { verify }),
    },
  ];
}
