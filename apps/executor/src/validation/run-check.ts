import type { ProjectCheck } from '#shared/contracts/projects.js';
import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { classifyPostgresError } from '#shared/database/postgres-errors.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Session } from '../postgres/session.js';
import type { ValidationCheck, ValidationSubject } from './check.js';

const SAMPLES = 10;
/** Longer than any honest answer from a catalogue, and enough for a pass over a large table. */
const CHECK_TIMEOUT_MS = 300_000;

/** Of which a value is a key or the name of an object, whoever wrote the query; of any other it may be a person's. */
const TELLING_TYPES = `'{int2,int4,int8,oid,uuid,regclass}'::regtype[]`;

interface Findings {
  readonly applicable: boolean;
  readonly count: number;
  readonly samples: readonly string[];
}

/** Judges by one built-in check, in a read-only transaction of its own. */
export async function runCheck(
  session: Session,
  check: ValidationCheck,
  subject: ValidationSubject,
): Promise<CheckOutcome> {
  const { name, category, message, remedy } = check;
  const found = await judged(session, {}, () => find(session, check, subject));
  if (found instanceof RehomeError) return { ...notJudged({ name, category }, found), remedy };
  if (!found.applicable) return { name, category, outcome: 'not-applicable', count: 0, samples: [], message };
  const { count, samples } = found;
  return count === 0
    ? { name, category, outcome: 'passed', count, samples, message }
    : { name, category, outcome: 'failed', count, samples, message, remedy };
}

/** The same by a check of the project's, in every schema: with the rights of the owner, not the administrator's. */
export async function runProjectCheck(
  session: Session,
  check: ProjectCheck,
  { owner, schemas }: Pick<ValidationSubject, 'owner' | 'schemas'>,
): Promise<CheckOutcome> {
  const { name, category } = check;
  // The first column names a finding, whatever it is called; the line break ends a comment.
  const sql = `
    with found (finding) as (${check.sql.trim().replace(/;$/, '')}
    )
    select case when pg_typeof(found.finding) = any (${TELLING_TYPES}) then found.finding::text end as finding
    from found
  `;
  const found = await judged(session, { role: owner }, async () => {
    const all: Findings[] = [];
    for (const schema of schemas) {
      await session.query(`select set_config('search_path', $1, true)`, [quoteIdentifier(schema)]);
      all.push(await findingsOf(session, sql, []));
    }
    return sumOf(all);
  });
  if (found instanceof RehomeError)
    return { ...notJudged({ name, category }, found), remedy: 'correct its SQL in project.yaml' };
  const { applicable, count, samples } = found;
  if (!applicable)
    return { name, category, outcome: 'not-applicable', count, samples, message: 'there is no schema to look into' };
  return count === 0
    ? { name, category, outcome: 'passed', count, samples, message: 'nothing was found' }
    : { name, category, outcome: 'failed', count, samples, message: check.message };
}

/** A check that could not be made is not passed: unknown is not ok. Aborts and lost connections are thrown. */
export async function judged<T>(
  session: Session,
  { role }: { readonly role?: string },
  work: () => Promise<T>,
): Promise<T | RehomeError> {
  await session.query(`begin transaction isolation level repeatable read, read only`);
  try {
    await session.query(`set local statement_timeout = ${String(CHECK_TIMEOUT_MS)}`);
    if (role !== undefined) await session.query(`set local role ${quoteIdentifier(role)}`);
    const found = await work();
    await session.query('commit');
    return found;
  } catch (error) {
    const failure = classifyPostgresError(error);
    if (failure.sqlState === undefined || failure.code === 'POSTGRES_UNREACHABLE') throw failure;
    await session.query('rollback');
    return failure;
  }
}

async function find(session: Session, check: ValidationCheck, subject: ValidationSubject): Promise<Findings> {
  const values = [...check.values(subject)];
  if (check.applicable !== undefined && (await session.query(check.applicable, values)).rows.length === 0)
    return { applicable: false, count: 0, samples: [] };
  if (check.finds === 'findings') return findingsOf(session, check.sql, values);
  const { rows } = await session.query<{ query: string }>(check.sql, values);
  const all: Findings[] = [];
  for (const { query } of rows) all.push(await findingsOf(session, query, []));
  return sumOf(all);
}

/** The limit is a parameter, so that PostgreSQL parses the text by itself: a second statement in it is refused. */
async function findingsOf(session: Session, sql: string, values: readonly unknown[]): Promise<Findings> {
  const { rows } = await session.query<{ finding: string | null; total: string }>(
    `
    select left(finding::text, 200) as finding, count(*) over () as total
    from (${sql}) as findings
    order by finding
    limit $${String(values.length + 1)}::int
    `,
    [...values, SAMPLES],
  );
  return {
    applicable: true,
    count: Number(rows[0]?.total ?? 0),
    samples: rows.flatMap(({ finding }) => finding ?? []),
  };
}

function sumOf(all: readonly Findings[]): Findings {
  return {
    applicable: all.length > 0,
    count: all.reduce((sum, { count }) => sum + count, 0),
    samples: all.flatMap(({ samples }) => samples).slice(0, SAMPLES),
  };
}

/** What PostgreSQL says of names and syntax holds no values of rows; of anything else only the SQLSTATE is told. */
export function notJudged(
  { name, category }: Pick<CheckOutcome, 'name' | 'category'>,
  { message, sqlState = '' }: RehomeError,
): CheckOutcome {
  const why = sqlState === '57014' ? `no answer within ${String(CHECK_TIMEOUT_MS / 1000)} s` : `SQLSTATE ${sqlState}`;
  const told = sqlState.startsWith('42') ? `${message} (${why})` : why;
  return { name, category, outcome: 'failed', count: 1, samples: [], message: `it could not be judged: ${told}` };
}
