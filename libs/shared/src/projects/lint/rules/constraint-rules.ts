import type { Constraint } from 'libpg-query';
import type { SqlStatement } from '../../migration-file.js';
import { addedColumns, addedConstraints, constraintsOf, nodeAs, statementAs, tableCommands } from '../nodes.js';
import type { LintRule, Surroundings } from '../rule.js';
import { isAmong, tableOf } from '../tables.js';

/** Constraints on a table that has rows. */
export const CONSTRAINT_RULES: readonly LintRule[] = [
  {
    name: 'foreign-key-without-not-valid',
    reason: 'every row is looked up while writes to both tables wait',
    safeWay: 'add it `not valid`, and `validate constraint` in a later migration, which lets writes go on',
    find: (statement, around) => adds(statement, around, 'CONSTR_FOREIGN'),
  },
  {
    name: 'check-without-not-valid',
    reason: 'every row is read while nobody can use the table',
    safeWay: 'add it `not valid`, and `validate constraint` in a later migration, which lets writes go on',
    find: (statement, around) => adds(statement, around, 'CONSTR_CHECK') || checksDomain(statement),
  },
  {
    name: 'validate-with-not-valid',
    reason: 'the lock of `add constraint` is held until the rows are read: nothing is won over validating at once',
    safeWay: 'validate in a migration of its own, which requires the one that adds the constraint',
    find: (statement, { file, before }) => {
      const table = tableOf(statementAs(statement, 'AlterTableStmt')?.relation);
      const added = [...before, statement]
        .filter((earlier) =>
          tableOf(statementAs(earlier, 'AlterTableStmt')?.relation).some((one) => isAmong(one, table)),
        )
        .flatMap(addedConstraints)
        .flatMap(({ conname, skip_validation: later }) => (later === true && conname !== undefined ? [conname] : []));
      return file.transactional && validated(statement).some((name) => added.includes(name));
    },
  },
  {
    name: 'unique-without-index',
    reason: 'the index under it is built while nobody can use the table',
    safeWay: '`create unique index concurrently` first, then `add constraint … unique using index`',
    find: (statement, around) => adds(statement, around, 'CONSTR_UNIQUE'),
  },
  {
    name: 'primary-key-without-index',
    reason: 'the index under it is built, and the columns are proven not null, while nobody can use the table',
    safeWay:
      '`create unique index concurrently` and set the columns not null first, then `add … primary key using index`',
    find: (statement, around) => adds(statement, around, 'CONSTR_PRIMARY'),
  },
  {
    name: 'exclusion-constraint',
    reason: 'its index is built while nobody can use the table, and there is no way to build it before',
    safeWay: 'make a second table with the constraint and move the rows there, or do it in a maintenance window',
    find: (statement, around) => adds(statement, around, 'CONSTR_EXCLUSION'),
  },
];

/** Whether ALTER TABLE adds such a constraint so that PostgreSQL has to look at the rows, or to build an index. */
function adds(statement: SqlStatement, { inUse }: Surroundings, kind: Constraint['contype']): boolean {
  if (!tableOf(statementAs(statement, 'AlterTableStmt')?.relation).some(inUse)) return false;
  return [...addedConstraints(statement), ...addedColumns(statement).flatMap(constraintsOf)].some(
    ({ contype, skip_validation: later, indexname, is_enforced: enforced }) =>
      contype === kind && later !== true && indexname === undefined && isChecked(kind, enforced),
  );
}

/** 18 has foreign keys and checks that are not enforced; nothing is read for them. */
function isChecked(kind: Constraint['contype'], enforced: boolean | undefined): boolean {
  return (kind !== 'CONSTR_FOREIGN' && kind !== 'CONSTR_CHECK') || enforced === true;
}

/** A check of a domain is tried on every row of every table that uses it. */
function checksDomain(statement: SqlStatement): boolean {
  const check = nodeAs(statementAs(statement, 'AlterDomainStmt')?.def, 'Constraint');
  return check?.contype === 'CONSTR_CHECK' && check.skip_validation !== true;
}

function validated(statement: SqlStatement): string[] {
  return tableCommands(statement).flatMap(({ subtype, name }) =>
    subtype === 'AT_ValidateConstraint' && name !== undefined ? [name] : [],
  );
}
