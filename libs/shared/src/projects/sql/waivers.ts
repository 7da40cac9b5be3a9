import type { LintWaiver, ProjectProblem, SqlStatement } from '../migration-file.js';
import { firstToken, lineIndex } from './positions.js';

const WAIVER = /--[ \t]*rehome:allow\b([^\n]*)/g;

export interface ReadWaivers {
  readonly waivers: readonly LintWaiver[];
  readonly problems: readonly ProjectProblem[];
}

/**
 * The `-- rehome:allow rule: reason` comments of a script: in the header, above the last blank line before the first
 * statement, about the whole file; inside a statement, behind it on its line or right before it about that statement.
 */
export function readWaivers(path: string, text: string, statements: readonly SqlStatement[]): ReadWaivers {
  const waivers: LintWaiver[] = [];
  const problems: ProjectProblem[] = [];
  const lineAt = lineIndex(text);
  const header = endOfHeader(text);
  for (const { index, 1: said = '' } of text.matchAll(WAIVER)) {
    const [, rule, reason] = /^\s+([a-z][a-z0-9-]*)\s*:\s*(\S.*)$/.exec(said.trimEnd()) ?? [];
    const line = index < header ? undefined : statementAt(text, statements, index)?.line;
    if (rule === undefined || reason === undefined) {
      const message = 'a waiver names the rule and the reason: "-- rehome:allow rule-name: why it is safe here"';
      problems.push({ path, line: lineAt(index), message });
    } else waivers.push({ rule, reason, ...(line === undefined ? {} : { line }) });
  }
  return { waivers, problems };
}

function endOfHeader(text: string): number {
  const before = text.slice(0, firstToken(text, 0));
  return [...before.matchAll(/\n[ \t\r]*\n/g)].at(-1)?.index ?? 0;
}

function statementAt(text: string, statements: readonly SqlStatement[], at: number): SqlStatement | undefined {
  const next = statements.findIndex(({ offset }) => offset > at);
  const before = next < 0 ? statements.at(-1) : statements[next - 1];
  if (before !== undefined && !text.slice(before.offset + before.text.length, at).includes('\n')) return before;
  return next < 0 ? before : statements[next];
}
