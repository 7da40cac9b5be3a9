import { describe, expect, test } from '@jest/globals';
import { ToolComplaints } from './tool-complaints.js';

function told(...lines: string[]): readonly string[] {
  const complaints = new ToolComplaints();
  for (const line of lines) complaints.hear(line);
  return complaints.lines;
}

const progress = Array.from({ length: 40 }, (_, item) => `pg_restore: launching item ${String(item)} SEQUENCE SET`);

describe('what a failed tool is quoted with', () => {
  test('names the cause, however much other workers said after it', () => {
    const cause = 'pg_restore: error: COPY failed for table "homebody": ERROR:  new row violates check constraint';
    expect(told(...progress, cause, ...progress, 'pg_restore: error: a worker process died unexpectedly')).toEqual([
      cause,
      'pg_restore: error: a worker process died unexpectedly',
    ]);
  });

  test('holds the statement that failed, line by line', () => {
    const failure = [
      'pg_restore: error: could not execute query: ERROR:  syntax error',
      'Command was: create view v',
      'as x',
    ];
    expect(told('pg_restore: creating VIEW v', ...failure, 'pg_restore: finished item 7')).toEqual(failure);
  });

  test('never holds rows of customers, also over several lines', () => {
    const lines = told(
      'pg_restore: error: COPY failed for table "users": ERROR:  new row violates check constraint',
      'DETAIL:  Failing row contains (1, canary',
      'of two lines).',
      'CONTEXT:  COPY users, line 1: "1\tcanary"',
      'HINT:  ask the owner',
    );
    expect(lines.join('\n')).not.toContain('canary');
    expect(lines).toHaveLength(2);
  });

  test('is the end of what it said when it complained of nothing', () => {
    expect(told(...progress)).toEqual(progress.slice(-12));
  });
});
