import type { ValidateDatabaseParams } from '#shared/contracts/steps/project-steps.js';
import type { LoadedProject } from '#shared/projects/load-project.js';
import type { Step } from '../../running/step.js';
import { BUILT_IN_CHECKS } from '../../validation/built-in-checks.js';
import type { ValidationSubject } from '../../validation/check.js';
import { validateDatabase } from '../../validation/validate-database.js';
import { placeOf, withDatabase } from '../step-session.js';

/** Runs the checks of the asked categories, built-in and the project's own. Changes nothing. */
export const validateDatabaseStep: Step<'validate-database'> = {
  kind: 'validate-database',
  readsOnly: true,

  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    const { project, database, categories } = context.params;
    const subject = subjectOf(await context.tools.projects.load(project), database);
    const checks = await withDatabase(context, database.address, (session) =>
      validateDatabase(session, subject, categories, (done, total) => {
        context.progress({ done, total, unit: 'checks' });
      }),
    );
    const outcomes = (wanted: string): number => checks.filter(({ outcome }) => outcome === wanted).length;
    return {
      alias: database.alias,
      server: database.address.server.name,
      database: database.address.database,
      passed: outcomes('passed'),
      failed: outcomes('failed'),
      notApplicable: outcomes('not-applicable'),
      checks,
    };
  },

  verify: () => Promise.resolve(),

  undo: () => Promise.resolve({}),

  describe({ project, database, categories }) {
    const { address, alias, owner } = database;
    const at = `${placeOf(address.server)}, database ${address.database}`;
    const builtIn = BUILT_IN_CHECKS.filter(({ category }) => categories.includes(category));
    return [
      ...builtIn.map(({ name, sql }) => ({ tool: 'sql' as const, at, text: `-- ${name}${sql.trimEnd()}` })),
      { tool: 'sql', at, text: `every check of project ${project.name} for ${alias}, read only, as ${owner}` },
    ];
  },
};

/** What the project says of the database: expected tables, references, checks, and what its migrations make there. */
export function subjectOf(
  { definition, migrations }: Pick<LoadedProject, 'definition' | 'migrations'>,
  { alias, schemas, owner, application }: ValidateDatabaseParams['database'],
): ValidationSubject {
  const { references, checks } = definition;
  const expected = definition.databases.find((database) => database.alias === alias);
  return {
    schemas,
    wantedSchemas: expected?.schemas ?? schemas,
    owner,
    ...(application === undefined ? {} : { application }),
    expectedTables: [...new Set([...(expected?.expectedTables ?? []), ...(expected?.criticalTables ?? [])])],
    madeTables: migrations.filter(({ home }) => home === alias).flatMap(({ creates }) => creates),
    requiredColumns: expected?.requiredColumns ?? [],
    references: references.filter(({ database }) => database === alias),
    checks: checks.filter(({ database = alias }) => database === alias),
  };
}
