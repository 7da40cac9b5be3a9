import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { RehomeError, toRehomeError } from '#shared/errors/rehome-error.js';
import { databaseArgument, runTool, type ToolCall } from './run-tool.js';
import { withSession, type SessionAddress } from './session.js';
import type { PostgresTools } from './tools.js';

export interface ToolProgress {
  readonly done: number;
  readonly total: number;
  readonly unit: 'tables' | 'items';
}

interface ToolRun {
  readonly tools: PostgresTools;
  readonly address: SessionAddress;
  readonly applicationName: string;
  /** 0700, of this run; outside the dump's own directory. */
  readonly workDirectory: string;
  /** Of the dump in directory format. */
  readonly directory: string;
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ToolProgress) => void;
}

/** What of a database is dumped, as it was when, and how it is packed. */
export interface DumpScope {
  /** As `pg_dump --compress` takes it; level 1 of gzip when absent. */
  readonly compression?: string;
  /** Exported by a session that stays open; a moment of pg_dump's own when absent. */
  readonly snapshot?: string;
  /** Only these; every schema when absent. */
  readonly schemas?: readonly string[];
}

/**
 * What a dump says to the server: owners and grants included, and no subscriptions, which would start to pull
 * a second copy. Level 1 of compression costs a fraction of the usual 6, while the application is down.
 */
export function dumpArguments(
  database: string,
  directory: string,
  jobs: number,
  { compression = '1', snapshot, schemas = [] }: DumpScope = {},
): string[] {
  return [
    '--format=directory',
    `--jobs=${String(jobs)}`,
    `--compress=${compression}`,
    '--verbose',
    '--no-password',
    '--no-subscriptions',
    '--lock-wait-timeout=30s',
    ...(snapshot === undefined ? [] : [`--snapshot=${snapshot}`]),
    // In double quotes it is a name, else a pattern. A schema that is gone is an error, not an empty dump.
    ...schemas.map((schema) => `--schema=${quoteIdentifier(schema)}`),
    ...(schemas.length === 0 ? [] : ['--strict-names']),
    `--file=${directory}`,
    databaseArgument(database),
  ];
}

/** What of an archive is restored, and as whom. */
export interface RestoreScope {
  /** Only what lies in these, which stand there already; everything when absent. */
  readonly schemas?: readonly string[];
  /** Owner of all of it, whose grants are set afterwards; owners and grants as dumped when absent. */
  readonly asRole?: string;
}

/**
 * Owners and grants are restored as dumped: a materialized view is refreshed, and an index over a function built, with
 * the rights of its owner, never of the administrator. So every role the dump names must exist; see `privileges.ts`.
 */
export function restoreArguments(
  database: string,
  directory: string,
  jobs: number,
  { listFile, schemas = [], asRole }: RestoreScope & { readonly listFile: string },
): string[] {
  return [
    `--jobs=${String(jobs)}`,
    '--exit-on-error',
    '--verbose',
    '--no-password',
    '--no-tablespaces',
    '--no-subscriptions',
    `--use-list=${listFile}`,
    ...schemas.map((schema) => `--schema=${schema}`),
    ...(asRole === undefined ? [] : ['--no-owner', '--no-privileges', `--role=${asRole}`]),
    databaseArgument(database),
    directory,
  ];
}

/**
 * Dumps the database of the address into a directory that must not exist yet.
 * @param tables for progress; see `DatabaseFacts.tables`
 * @throws RehomeError TOOL_FAILED; POSTGRES_UNREACHABLE when it failed because its server went away
 */
export async function dumpDatabase(run: ToolRun, tables: number, scope: DumpScope = {}): Promise<void> {
  const call: ToolCall = {
    program: run.tools.pgDump,
    arguments: dumpArguments(run.address.database, run.directory, run.jobs, scope),
    address: run.address,
    applicationName: run.applicationName,
    workDirectory: run.workDirectory,
    ...countLines(run, /dumping contents of table /g, tables, 'tables'),
  };
  await runAgainst(run, call);
}

/**
 * Restores a dump in directory format into the database of the address.
 * @param present schemas and extensions that stand there already, by name
 * @returns how many items the archive held
 * @throws RehomeError TOOL_FAILED; POSTGRES_UNREACHABLE when it failed because its server went away
 */
export async function restoreDatabase(
  run: ToolRun,
  present: PresentObjects,
  scope: RestoreScope = {},
): Promise<number> {
  const list = await runTool(
    { program: run.tools.pgRestore, arguments: ['--list', run.directory], workDirectory: run.workDirectory },
    run.signal,
  );
  const selected = selectItems(list.stdout, present, scope.asRole !== undefined);
  const counted = countLines(run, RESTORED_ITEM, selected.items, 'items');
  const passes = [...restorePasses(selected.entries, run.jobs), ...aboutSchemas(list.stdout, scope.schemas)];
  for (const [index, pass] of passes.entries()) {
    const listFile = join(run.workDirectory, `restore-${String(index)}.list`);
    await writeFile(listFile, `${pass.entries.join('\n')}\n`, { mode: 0o600 });
    await runAgainst(run, {
      program: run.tools.pgRestore,
      arguments: restoreArguments(run.address.database, run.directory, pass.jobs, {
        listFile,
        ...scope,
        ...pass.scope,
      }),
      address: run.address,
      applicationName: run.applicationName,
      workDirectory: run.workDirectory,
      ...counted,
    });
  }
  return selected.items;
}

const RESTORED_ITEM = /(?:creating|executing|processing data for table) /g;

/** Entries of the archive's list that one pg_restore restores. */
export interface RestorePass {
  readonly entries: readonly string[];
  readonly jobs: number;
  /** Where it differs from that of the restore. */
  readonly scope?: RestoreScope;
}

/**
 * pg_restore's own order, objects, then grants, then what needs them, but the grants on one connection: its workers do not
 * know that a grant by somebody who is not the owner needs the grant on the schema before it.
 */
export function restorePasses(entries: readonly string[], jobs: number): RestorePass[] {
  const kindOf = (entry: string): string => entry.replace(ENTRY, '').trimStart();
  const isGrant = (entry: string): boolean => /^(?:ACL|DEFAULT ACL) /.test(kindOf(entry));
  const needsGrants = (entry: string): boolean =>
    /^(?:MATERIALIZED VIEW DATA|EVENT TRIGGER|(?:COMMENT|SECURITY LABEL) - EVENT TRIGGER) /.test(kindOf(entry));
  const passes = [
    { entries: entries.filter((entry) => !isGrant(entry) && !needsGrants(entry)), jobs },
    { entries: entries.filter(isGrant), jobs: 1 },
    { entries: entries.filter(needsGrants), jobs },
  ];
  return passes.filter((pass) => pass.entries.length > 0);
}

/** Comments and labels of the chosen schemas: like the schema itself they lie in none, so `--schema` leaves them out. */
export function aboutSchemas(list: string, schemas: readonly string[] = []): RestorePass[] {
  const lines = list.split('\n');
  const about = schemas.flatMap((name) => {
    const tag = ` SCHEMA - ${tagText(name)} `;
    const owner = entryOf(lines, tag)?.replace(ENTRY, '').slice(tag.length) ?? '';
    // Unlike the schema itself, these name it as SQL does, in quotes where it needs them.
    return [name, quoteIdentifier(name)].flatMap((named) =>
      ['COMMENT', 'SECURITY LABEL'].map((kind) => ` ${kind} - SCHEMA ${tagText(named)} ${owner}`),
    );
  });
  const entries = lines.filter((line) => ENTRY.test(line) && about.includes(line.replace(ENTRY, '')));
  return entries.length === 0 ? [] : [{ entries, jobs: 1, scope: { schemas: [] } }];
}

/**
 * A tool says only that it failed, and its text is nothing to decide by. So the server is asked: one that is away, or was
 * started anew meanwhile, is worth another attempt.
 */
async function runAgainst(run: ToolRun, call: ToolCall): Promise<void> {
  const startedAt = await serverStart(run);
  try {
    await runTool(call, run.signal);
  } catch (error) {
    run.signal.throwIfAborted();
    if ((await serverStart(run)) === startedAt) throw error;
    const { host, port } = run.address;
    const detail = `${host}:${String(port)} was started anew while ${basename(call.program)} worked; it is tried again`;
    throw new RehomeError('POSTGRES_UNREACHABLE', detail, { cause: error });
  }
}

/** Undefined when the server is there and refuses us: the tool will tell why. @throws RehomeError when it is away. */
async function serverStart({ address, applicationName, signal }: ToolRun): Promise<string | undefined> {
  try {
    return await withSession(address, { applicationName, signal }, async (session) => {
      const { rows } = await session.query<{ started: string }>(`select pg_postmaster_start_time()::text as started`);
      return rows[0]?.started;
    });
  } catch (error) {
    const failure = toRehomeError(error);
    if (failure.disposition === 'retry') throw failure;
    return undefined;
  }
}

export interface PresentObjects {
  readonly schemas: readonly string[];
  readonly extensions: readonly string[];
}

/**
 * Takes what stands at the target already out of an archive's list (`create schema` has no "if not exists" there).
 * A line reads `2615; 2615 16400 SCHEMA - audit acme`; blanks and line ends inside names are kept or made blanks.
 */
export function selectItems(
  list: string,
  present: PresentObjects,
  asRole = false,
): { readonly entries: readonly string[]; readonly items: number } {
  const lines = list.split('\n');
  const dropped = new Set([
    ...present.schemas.map((name) => entryOf(lines, ` SCHEMA - ${tagText(name)} `)),
    ...present.extensions.map((name) => entryOf(lines, ` EXTENSION - ${tagText(name)} `)),
  ]);
  // Extensions stand there already, with their comments, and belong to the administrator: no other role may comment on them.
  const foreign = (line: string): boolean => asRole && line.replace(ENTRY, '').startsWith(' COMMENT - EXTENSION ');
  const entries = lines.filter((line) => ENTRY.test(line) && !dropped.has(line) && !foreign(line));
  return { entries, items: entries.length };
}

const ENTRY = /^\d+; \d+ \d+/;

/** The owner follows the name without a mark between: of schemas "a" and "a b" the shorter line is that of "a". */
function entryOf(lines: readonly string[], tag: string): string | undefined {
  const matching = lines.filter((line) => ENTRY.test(line) && line.replace(ENTRY, '').startsWith(tag));
  return matching.sort((left, right) => left.length - right.length)[0];
}

function tagText(name: string): string {
  return name.replaceAll(/[\r\n]/g, ' ');
}

function countLines(
  run: ToolRun,
  pattern: RegExp,
  total: number,
  unit: ToolProgress['unit'],
): Pick<ToolCall, 'onLine'> {
  const { onProgress } = run;
  if (!onProgress) return {};
  let done = 0;
  return {
    onLine: (line) => {
      // Workers write to one pipe, and two of their lines may come as one.
      const found = line.match(pattern)?.length ?? 0;
      if (found === 0) return;
      done = Math.min(done + found, total);
      onProgress({ done, total, unit });
    },
  };
}
