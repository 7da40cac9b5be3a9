import type { MigrationStatus } from '../../contracts/projects.js';
import type { LoadedProject } from '../load-project.js';
import type { TrackedMigration } from './tracked-migration.js';

/** Three databases behind one router, as the guide of EPSM has them. */
export const THREE_DATABASES: Readonly<Record<string, string>> = {
  'project.yaml': `name: epsm
databases:
  default: { server: main, database: epsm_db }
  materials: { server: main, database: epsm_materials }
  results: { server: main, database: epsm_results }
router:
  default: default
  apps: { database: materials }
  rules: [{ match: "simulation_results*", to: results }]
`,
  'migrations/accounts/0001_initial.up.sql': 'create table users (id int); create table sessions (id int);',
  'migrations/accounts/0001_initial.down.sql': 'drop table sessions; drop table users;',
  'migrations/database/0001_initial.up.sql': 'create table materials (id int);',
  'migrations/simulation/0001_runs.up.sql': '-- requires: accounts/0001\ncreate table simulation_runs (id int);',
  'migrations/simulation/0001_runs.down.sql': 'drop table simulation_runs;',
  'migrations/simulation/0002_status.up.sql': '-- requires: 0001\nalter table simulation_runs add status text;',
  'migrations/simulation/0002_status.down.sql': 'alter table simulation_runs drop status;',
  'migrations/simulation/0003_files.up.sql': '-- requires: 0002\ncreate table simulation_files (id int);',
  'migrations/simulation/0004_results.up.sql': '-- requires: 0003\ncreate table simulation_results (id int);',
  'migrations/simulation/0004_results.down.sql': 'drop table simulation_results;',
  'migrations/simulation/0005_hours.up.sql': '-- requires: 0004\ncreate table simulation_results_hours (id int);',
};

/** A tracking row of a migration as it is in the project. */
export function rowOf({ migrations }: LoadedProject, id: string, status: MigrationStatus): TrackedMigration {
  const found = migrations.find((one) => one.id === id);
  if (found === undefined) throw new Error(`the project has no ${id}`);
  const { app, version, name, checksum } = found;
  return { app, version, name, checksum, status };
}
