import type { ProjectDefinition } from '../contracts/projects.js';
import { checksumOf } from './bundle/digest.js';
import type { ProjectFiles } from './bundle/project-files.js';
import { homesOf, type Unhoused } from './migration-home.js';
import type { MigrationFile, ProjectProblem } from './migration-file.js';
import type { MigrationPaths } from './migration-names.js';
import { inOrder } from './migration-order.js';
import type { HeaderWord } from './sql/header.js';
import { readScript, type ReadScript } from './sql/read-script.js';
import { writingStatements } from './sql/reading-only.js';
import { touchedRelations } from './sql/touched-relations.js';
import { findVersion } from './version-words.js';

export interface ReadMigrations {
  /** In order; of no use where there is a problem. */
  readonly migrations: readonly MigrationFile[];
  readonly problems: readonly ProjectProblem[];
}

/** Reads the scripts of every migration, puts them in order and finds the database of each. */
export function readMigrations(
  files: ProjectFiles,
  paths: readonly MigrationPaths[],
  definition: ProjectDefinition | undefined,
): ReadMigrations {
  const problems: ProjectProblem[] = [];
  const known: KnownMigrations = { all: paths, byId: new Map(paths.map((one) => [one.id, one])) };
  const unhoused = paths.map((one) => readMigration(files, one, known, problems));
  const order = inOrder(unhoused);
  if (!order.ok) problems.push(cycleProblem(order.cycle, unhoused));
  // Without the router, or where a script cannot be read, homes would only be wrong in consequence.
  if (!order.ok || definition === undefined || problems.length > 0) return { migrations: [], problems };
  const homes = homesOf(definition, order.ordered);
  const migrations = order.ordered.map((one): MigrationFile => withHome(one, homes.homes.get(one.id) ?? ''));
  return { migrations, problems: homes.problems };
}

function withHome({ header: _header, touched, makes: _makes, ...rest }: Unhoused, home: string): MigrationFile {
  const tables = touched.filter(({ kind }) => kind === 'table').map(({ name }) => name);
  return { ...rest, home, touches: [...new Set(tables)] };
}

interface KnownMigrations {
  readonly all: readonly MigrationPaths[];
  readonly byId: ReadonlyMap<string, MigrationPaths>;
}

function readMigration(
  files: ProjectFiles,
  paths: MigrationPaths,
  known: KnownMigrations,
  problems: ProjectProblem[],
): Unhoused {
  const read = (path: string): ReadScript => {
    const script = readScript(path, files.get(path) ?? '');
    problems.push(...script.problems);
    return script;
  };
  const up = read(paths.up);
  const down = paths.down === undefined ? undefined : read(paths.down);
  const verify = paths.verify === undefined ? undefined : read(paths.verify);
  if (verify !== undefined) problems.push(...writingStatements(verify.script));
  const { header, script } = up;
  const scripts = [script, down?.script, verify?.script].filter((one) => one !== undefined);
  const touched = scripts.flatMap(({ path, statements }) =>
    touchedRelations(statements).touched.map((relation) => ({ ...relation, path })),
  );
  const { creates, makes } = touchedRelations(script.statements);
  const references = (words: readonly HeaderWord[]): string[] => referenced(words, paths, known, problems);
  const { id, app, version, name } = paths;
  return {
    id,
    app,
    version,
    name,
    up: script,
    ...(down === undefined ? {} : { down: down.script }),
    ...(verify === undefined ? {} : { verify: verify.script }),
    checksum: checksumOf(script.text),
    requires: references(header.requires),
    conflicts: references(header.conflicts),
    transactional: script.transactional,
    ...(header.lockTimeoutMs === undefined ? {} : { lockTimeoutMs: header.lockTimeoutMs }),
    ...(header.phase === undefined ? {} : { phase: header.phase }),
    creates,
    makes,
    touched,
    waivers: up.waivers,
    header,
  };
}

/** Ids of the versions that a header names: one without an app is of the same app. */
function referenced(
  words: readonly HeaderWord[],
  { id, app, up: path }: MigrationPaths,
  { all, byId }: KnownMigrations,
  problems: ProjectProblem[],
): string[] {
  return words.flatMap(({ text, line }) => {
    const word = text.includes('/') ? text : `${app}/${text}`;
    const exact = byId.get(word);
    const found = exact === undefined ? findVersion(word, all) : { ok: true as const, found: exact };
    if (!found.ok) {
      problems.push({ path, line, message: found.message });
      return [];
    }
    if (found.found.id !== id) return [found.found.id];
    problems.push({ path, line, message: 'names itself; name another version' });
    return [];
  });
}

function cycleProblem(cycle: readonly string[], among: readonly Unhoused[]): ProjectProblem {
  const first = among.find(({ id }) => id === cycle[0]);
  const line = first?.header.requires[0]?.line;
  return {
    path: first?.up.path ?? '.',
    ...(line === undefined ? {} : { line }),
    message: `requirements run in a circle: ${cycle.join(' → ')}; take one of them out`,
  };
}
