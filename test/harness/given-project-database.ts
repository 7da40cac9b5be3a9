import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type {
  ApplyMigrationsParams,
  ApplyMigrationsResult,
  MigratedDatabase,
} from '#shared/contracts/steps/project-steps.js';
import { ProjectRig, type ProjectSources, type RigDatabase } from './project-rig.js';

/** What the specs of one file share; all of it is about the database of the test that runs. */
export interface GivenProjectDatabase {
  readonly rig: () => ProjectRig;
  readonly database: () => RigDatabase;
  /** Pushes the project: what an apply of all its versions takes. */
  readonly applyParams: (sources: ProjectSources, more?: Partial<MigratedDatabase>) => Promise<ApplyMigrationsParams>;
  readonly apply: (sources: ProjectSources, more?: Partial<MigratedDatabase>) => Promise<ApplyMigrationsResult>;
  /** Rows of a query in the database, as the superuser. */
  readonly live: <Row extends object>(text: string, values?: unknown[]) => Promise<Row[]>;
}

/** One rig for all tests of a file and an empty database for each of them; called once, outside of them. */
export function givenProjectDatabase(): GivenProjectDatabase {
  let opened: ProjectRig | undefined;
  let fresh: RigDatabase | undefined;

  beforeAll(async () => {
    opened = await ProjectRig.create();
  }, 60_000);
  afterAll(() => opened?.close(), 60_000);
  beforeEach(async () => {
    fresh = await rig().database();
  });

  const rig = () => duringTests(opened);
  const database = () => duringTests(fresh);
  const applyParams: GivenProjectDatabase['applyParams'] = async (sources, more) => {
    const project = await rig().push(sources);
    const migrations = await rig().pending(project, 'main');
    return { project, database: rig().migrated(database(), more), migrations, appliedBy: 'key:deploy' };
  };
  return {
    rig,
    database,
    applyParams,
    apply: async (sources, more) => {
      const params = await applyParams(sources, more);
      return rig().attempt({ kind: 'apply-migrations', params });
    },
    live: (text, values) => rig().rows(database().address.database, text, values),
  };
}

function duringTests<T>(made: T | undefined): T {
  if (made === undefined) throw new Error('there is a database in tests and their hooks only');
  return made;
}
