import { beforeAll, describe, expect, it } from '@jest/globals';
import { parserReady } from '../sql/parse-sql.js';
import { readDefinition } from './read-definition.js';

beforeAll(parserReady);

const EPSM = `name: epsm
databases:
  default:
    server: main
    database: epsm_db
    roles: { owner: epsm_user, application: epsm_app }
    settings: { statement_timeout: 10min, maintenance_work_mem: 64 }
    schemas: [public, "tenant_*"]
    expected: [simulation_runs, '"zone runs"']
    required: [simulation_runs.name]
    critical: [auth_user]
    minimumTables: 3
  materials_db: { server: main, database: epsm_materials }
  results: { server: main, database: epsm_results, environment: EPSM_R_ }
  archive: { server: main, database: epsm_archive, environment: { password: ARCHIVE_SECRET } }
router:
  default: default
  apps: { database: materials_db }
  models: { simulation.simulationresult: simulation_results }
  rules:
    - { match: simulation.simulationresult, to: results }
    - { match: "simulation_zones*", to: results }
services: [epsm]
references:
  - { database: default, table: work_orders, column: user_id, referencedTable: users, referencedColumn: id }
checks:
  - { name: no-open-orders, category: data, sql: select id from orders, message: close them }
commands:
  - { name: django, database: default, argv: [python, manage.py, migrate] }
`;

function problemsOf(text: string): string[] {
  const read = readDefinition(text);
  return read.ok ? [] : read.problems.map(({ line, message }) => `${line ?? ''}: ${message}`);
}

describe('project.yaml', () => {
  it('says everything about a project, and what it is silent about has a sensible value', () => {
    const read = readDefinition(EPSM);
    expect(read).toMatchObject({
      ok: true,
      definition: {
        name: 'epsm',
        databases: [
          {
            alias: 'default',
            server: 'main',
            database: 'epsm_db',
            roles: { owner: 'epsm_user', application: 'epsm_app' },
            settings: { statement_timeout: '10min', maintenance_work_mem: '64' },
            schemas: ['public', 'tenant_*'],
            expectedTables: ['simulation_runs', 'zone runs'],
            criticalTables: ['auth_user'],
            requiredColumns: ['simulation_runs.name'],
            minimumTables: 3,
            environment: {
              host: 'DB_HOST',
              port: 'DB_PORT',
              name: 'DB_NAME',
              user: 'DB_USER',
              password: 'DB_PASSWORD',
            },
          },
          {
            alias: 'materials_db',
            roles: {},
            schemas: ['public'],
            minimumTables: 0,
            environment: { name: 'MATERIALS_DB_NAME' },
          },
          { alias: 'results', environment: { name: 'EPSM_R_NAME' } },
          { alias: 'archive', environment: { name: 'ARCHIVE_DB_NAME', password: 'ARCHIVE_SECRET' } },
        ],
        router: {
          default: 'default',
          apps: { database: 'materials_db' },
          models: { 'simulation.simulationresult': 'simulation_results' },
          rules: [
            { match: 'simulation.simulationresult', to: 'results' },
            { match: 'simulation_zones*', to: 'results' },
          ],
        },
        commands: [{ when: 'after', runs: 'always' }],
        lint: 'warn',
      },
    });
  });

  it('is refused with every problem at once, each with its line', () => {
    const text = `name: Epsm
databases:
  default: { server: main, database: epsm_db, owner: x }
  results:
    server: main
    database: epsm_db
    minimumTables: many
router:
  default: defautl
  rules:
    - { match: "a*b", to: results }
    - { match: orders, to: nowhere }
    - { match: orders, to: results }
retries: 3
checks:
  - { name: a, category: style, sql: delete from orders, message: x }
  - { name: a, category: data, sql: selec, message: x }
`;
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('14: retries is unknown; known: name, databases'),
      expect.stringContaining('3: databases.default.owner is unknown; known: server, database, roles'),
      '7: databases.results.minimumTables must be a whole number, 0 or more',
      '5: databases.results is epsm_db on main like default; a database has one alias',
      '1: name must be lower-case letters, digits and hyphens, a letter first, at most 63',
      '11: router.rules.0.match must be a table or a model, with * only at its end',
      '12: router.rules.1.to is "nowhere", which is no alias of a database; known: default, results',
      '13: router.rules.2 matches the same as a rule before it; keep one of them',
      '9: router.default is "defautl", which is no alias of a database; known: default, results',
      expect.stringContaining('16: checks.0.category is "style"; give one of schema, indexes'),
      '16: checks.0.sql must be one query whose rows are what is wrong',
      expect.stringContaining('17: checks.1.sql is no SQL: syntax error'),
      '17: checks.1 is called a like another',
    ]);
  });

  it.each(['sqlite:///fossawork.db', 'sqlite', './fossawork.sqlite3', 'file:dev.db', 'sqlite+aiosqlite:///./dev.db'])(
    'refuses SQLite and says what to do: %s [d6]',
    (server) => {
      const text = `name: a\ndatabases:\n  main: { server: "${server}", database: a }\nrouter: { default: main }\n`;
      expect(problemsOf(text)).toEqual([
        expect.stringMatching(
          /^3: databases\.main\.server is .* of SQLite; Rehome migrates PostgreSQL only: start one/,
        ),
      ]);
    },
  );

  it('takes servers by their name in the registry, never an address with a password [d6]', () => {
    const [problem, ...others] = problemsOf(
      'name: a\ndatabases:\n  main: { server: "postgresql://app:hunter2@db/shop", database: a }\nrouter: { default: main }\n',
    );
    expect(problem).toMatch(/is an address; register it \(rehome server put main/);
    expect(problem).not.toContain('hunter2');
    expect(others).toEqual([]);
  });

  it.each([
    ['', ['1: name is missing', '1: databases must name at least one', '1: router is missing']],
    ['- a', ['1: must be an object']],
    ['name: [a', ['1: is no YAML']],
    ['name: a\nname: b', ['2: is no YAML']],
    ['['.repeat(400_000), ['nests deeper than any project']],
    ['- '.repeat(400_000), ['nests deeper than any project']],
    [Array.from({ length: 1_000 }, (_, at) => `${' '.repeat(at)}a:\n`).join(''), ['nests deeper than any project']],
  ])('is refused when it is %.20j', (text, messages) => {
    const problems = problemsOf(text);
    for (const message of messages) expect(problems).toContainEqual(expect.stringContaining(message));
  });

  it('does not let an application own its tables, nor a project set what Rehome sets', () => {
    const text = `name: a
databases:
  main: { server: main, database: a, roles: { owner: x, application: x }, schemas: [rehome], settings: { role: x, search_path: y } }
router: { default: main }`;
    expect(problemsOf(text).sort()).toEqual([
      expect.stringContaining('roles.application is the owner, too'),
      expect.stringContaining('schemas.0 is no schema for migrations'),
      expect.stringContaining('settings.role is set by Rehome'),
      expect.stringContaining('settings.search_path is set by Rehome'),
    ]);
  });
});
