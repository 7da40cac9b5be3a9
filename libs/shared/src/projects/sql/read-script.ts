import type { LintWaiver, ProjectProblem, SqlScript, SqlStatement } from '../migration-file.js';
import { readHeader, type ScriptHeader } from './header.js';
import { refusalOf } from './refused-statements.js';
import { splitSql } from './split-sql.js';
import { readWaivers } from './waivers.js';

export interface ReadScript {
  readonly script: SqlScript;
  readonly header: ScriptHeader;
  readonly waivers: readonly LintWaiver[];
  readonly problems: readonly ProjectProblem[];
}

/** A script of a project with everything that is wrong with it; `parserReady` must have been awaited. */
export function readScript(path: string, text: string): ReadScript {
  const header = readHeader(path, text);
  const split = splitSql(path, text);
  const transactional = header.transaction !== 'off';
  const { statements } = split;
  const { waivers, problems } = readWaivers(path, text, statements);
  return {
    script: { path, text, statements, transactional },
    header,
    waivers,
    problems: [
      ...header.problems,
      ...problems,
      ...split.problems,
      ...statements.flatMap((statement) => refused(path, statement)),
      ...(transactional ? statements.flatMap((statement) => needsHeader(path, statement)) : []),
    ],
  };
}

function refused(path: string, statement: SqlStatement): ProjectProblem[] {
  const reason = refusalOf(statement);
  return reason === undefined ? [] : [{ path, line: statement.line, message: `this statement ${reason}` }];
}

function needsHeader(path: string, { outsideTransaction, line }: SqlStatement): ProjectProblem[] {
  if (!outsideTransaction) return [];
  const message =
    'this statement cannot run in a transaction; write `-- transaction: off` on top of the file, best with nothing else in it';
  return [{ path, line, message }];
}
