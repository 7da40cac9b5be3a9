import type { LintFinding, MigrationFile, SqlStatement } from '../migration-file.js';
import { executed } from '../sql/touched-relations.js';
import { LINT_RULES } from './lint-rules.js';
import type { Surroundings } from './rule.js';
import { TableHistory } from './table-history.js';
import { createdTables, isAmong, tableNamed, type TableName } from './tables.js';
import { judgeWaivers, waives } from './waivers.js';

/** What the linter cannot see in the file itself. */
export interface LintContext {
  /** Migrations that are applied before it, in order: they say what types columns have and which checks hold. */
  readonly earlier: readonly MigrationFile[];
  /** Tables that no application uses yet, besides those that the file makes itself: `orders`, `audit.events`. */
  readonly unused?: readonly string[];
}

/** What is unsafe in the up script, by line; waived findings are left out, wrong and unused waivers are told. */
export function lint(file: MigrationFile, { earlier, unused = [] }: LintContext): LintFinding[] {
  const history = new TableHistory();
  for (const { up } of earlier) for (const statement of executed(up.statements)) history.add(statement);
  return lintAfter(history, file, unused);
}

/** Every file of a project against those before it on the same database. @param files in the order in which they are applied */
export function lintAll(files: readonly MigrationFile[]): LintFinding[] {
  // Tables of another database may have the same name.
  const histories = new Map<string, TableHistory>();
  return files.flatMap((file) => {
    const history = histories.get(file.home) ?? new TableHistory();
    histories.set(file.home, history);
    return lintAfter(history, file, []);
  });
}

/** Adds what the file does to the history. */
function lintAfter(history: TableHistory, file: MigrationFile, unused: readonly string[]): LintFinding[] {
  const fresh = unused.map(tableNamed);
  const statements = executed(file.up.statements);
  const found = statements.flatMap((statement, at) => {
    const before = statements.slice(0, at);
    const after = statements.slice(at + 1);
    const inUse = (table: TableName): boolean => !isAmong(table, fresh);
    const findings = findingsIn(statement, { file, before, after, history, inUse });
    history.add(statement);
    fresh.push(...createdTables(statement));
    return findings;
  });
  const kept = found.filter((finding) => !file.waivers.some((waiver) => waives(waiver, finding)));
  return [...kept, ...judgeWaivers(file, found)].sort((one, other) => one.line - other.line);
}

function findingsIn(statement: SqlStatement, around: Surroundings): LintFinding[] {
  return LINT_RULES.filter((rule) => rule.find(statement, around)).map(({ name, reason, safeWay, advice }) => ({
    rule: name,
    path: around.file.up.path,
    line: statement.line,
    reason,
    safeWay,
    ...(advice === undefined ? {} : { advice }),
  }));
}
