import { describe, expect, it } from '@jest/globals';
import { loadedProject } from '#shared/projects/project-test-kit.js';
import { subjectOf } from './validate-database.step.js';

const YAML = `name: epsm
databases:
  default: { server: main, database: epsm_db, critical: [runs] }
  results: { server: large, database: epsm_results, expected: [results], required: [results.run_id], schemas: ["zone_*"] }
router: { default: default, rules: [{ match: "result*", to: results }] }
references:
  - { database: results, table: results, column: run_id, referencedTable: kept_runs, referencedColumn: id }
checks:
  - { name: retention-rules, category: security, database: results, sql: "select 1 where false", message: nothing is thrown away }
  - { name: everywhere, category: data, sql: "select 1 where false", message: a row }
`;

describe('what a database is judged by', () => {
  it('is its own: tables, columns, references, and rules such as its retention [e18]', async () => {
    const project = await loadedProject({
      'project.yaml': YAML,
      'migrations/sim/1_runs.up.sql': 'create table runs (id int primary key);',
      'migrations/sim/2_results.up.sql': 'create table results (id int primary key, run_id int);',
    });
    const subject = (alias: string, schemas: readonly string[]) => {
      const address = { server: {}, database: alias };
      const { madeTables, expectedTables, requiredColumns, wantedSchemas, references, checks } = subjectOf(project, {
        ...{ alias, schemas, owner: 'owner', settings: {} },
        address: address as never,
      });
      const names = checks.map(({ name }) => name);
      return { madeTables, expectedTables, requiredColumns, wantedSchemas, references: references.length, names };
    };
    expect(subject('default', ['public'])).toEqual({
      ...{ madeTables: ['runs'], expectedTables: ['runs'], requiredColumns: [], wantedSchemas: ['public'] },
      ...{ references: 0, names: ['everywhere'] },
    });
    expect(subject('results', ['zone_1'])).toEqual({
      ...{ madeTables: ['results'], expectedTables: ['results'], requiredColumns: ['results.run_id'] },
      ...{ wantedSchemas: ['zone_*'], references: 1, names: ['retention-rules', 'everywhere'] },
    });
  });
});
