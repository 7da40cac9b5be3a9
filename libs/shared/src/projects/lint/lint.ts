import type { LintFinding, MigrationFile } from '../migration-file.js';
import { LINT_RULES } from './lint-rules.js';
import type { Surroundings } from './rule.js';
import { createdTables, isAmong, tableNamed } from './tables.js';
import { judgeWaivers, waives } from './waivers.js';

/** What the linter cannot see in the file itself. */
export interface LintContext {
  /** Migrations that are applied before it, in order: they say what types columns have and which checks hold. */
  readonly earlier: readonly MigrationFile[];
  /** Tables that no application uses yet, besides those that the file makes itself: `orders`, `audit.events`. */
  readonly unused?: readonly string[];
}

/** What is unsafe in the up script, by line; waived findings are left out, wrong and unused waivers are told. */
export function lint(file: MigrationFile, context: LintContext): LintFinding[] {
  const found = findingsOf(file, context);
  const kept = found.filter((finding) => !file.waivers.some((waiver) => waives(waiver, finding)));
  return [...kept, ...judgeWaivers(file, found)].sort((one, other) => one.line - other.line);
}

/** Every file of a project against those before it on the same database. @param files in the order in which they are applied */
export function lintAll(files: readonly MigrationFile[], context: Omit<LintContext, 'earlier'> = {}): LintFinding[] {
  // Tables of another database may have the same name.
  const earlier = new Map<string, MigrationFile[]>();
  return files.flatMap((file) => {
    const before = earlier.get(file.home) ?? [];
    const findings = lint(file, { ...context, earlier: before });
    before.push(file);
    earlier.set(file.home, before);
    return findings;
  });
}

function findingsOf(file: MigrationFile, context: LintContext): LintFinding[] {
  return file.up.statements.flatMap((statement, at) => {
    const around = surroundingsOf(file, at, context);
    return LINT_RULES.filter((rule) => rule.find(statement, around)).map(({ name, reason, safeWay, advice }) => ({
      rule: name,
      path: file.up.path,
      line: statement.line,
      reason,
      safeWay,
      ...(advice === undefined ? {} : { advice }),
    }));
  });
}

function surroundingsOf(file: MigrationFile, at: number, context: LintContext): Surroundings {
  const before = file.up.statements.slice(0, at);
  const fresh = [...(context.unused ?? []).map(tableNamed), ...before.flatMap(createdTables)];
  return {
    file,
    before,
    after: file.up.statements.slice(at + 1),
    history: () => [...context.earlier.flatMap(({ up }) => up.statements), ...before],
    inUse: (table) => !isAmong(table, fresh),
  };
}
