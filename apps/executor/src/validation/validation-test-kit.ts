import { randomBytes } from 'node:crypto';
import { VALIDATION_CATEGORIES, type ValidationCategory } from '#shared/contracts/projects.js';
import type { CheckOutcome } from '#shared/contracts/steps/project-steps.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/database.js';
import { addressOf, inSession, run } from '../../../../test/harness/moved-database.js';
import type { ValidationSubject } from './check.js';
import { validateDatabase } from './validate-database.js';

/** Two tables in order: keys, indexes, constraints, sequences and rights as they should be. */
const IN_ORDER = `
  create table users (id int generated always as identity primary key, email text not null unique);
  create table orders (
    id bigserial primary key,
    user_id int not null references users (id),
    station_id int,
    total numeric
  );
  create index on orders (user_id);
  insert into users (email) select 'person' || n || '@example.com' from generate_series(1, 3) as n;
  insert into orders (user_id, station_id) select n, null from generate_series(1, 3) as n;
`;

/** A database in order, with an owner of a name that must be quoted and an application role beside it. */
export class DatabaseInOrder {
  private constructor(
    readonly database: TestDatabase,
    readonly owner: string,
    readonly application: string,
  ) {}

  static async create(): Promise<DatabaseInOrder> {
    const mark = randomBytes(4).toString('hex');
    const made = new DatabaseInOrder(await createTestDatabase(), `Own"er ${mark}`, `app_${mark}`);
    const { database, application, quotedOwner } = made;
    await made.sql(`
      create role ${quotedOwner};
      create role ${application};
      alter database ${database.name} owner to ${quotedOwner};
      alter schema public owner to ${quotedOwner};
      revoke all on schema public from public;
      revoke connect, temporary on database ${database.name} from public;
      grant connect on database ${database.name} to ${application};
      grant usage on schema public to ${application};
      alter default privileges for role ${quotedOwner} in schema public
        grant select, insert, update, delete on tables to ${application};
      alter default privileges for role ${quotedOwner} in schema public grant usage on sequences to ${application};
    `);
    await made.asOwner(IN_ORDER);
    return made;
  }

  get quotedOwner(): string {
    return `"${this.owner.replaceAll('"', '""')}"`;
  }

  get subject(): ValidationSubject {
    return {
      ...{ schemas: ['public'], wantedSchemas: ['public'], owner: this.owner, application: this.application },
      ...{ expectedTables: ['users', 'orders'], madeTables: [], requiredColumns: [], references: [], checks: [] },
    };
  }

  /** As the administrator. */
  sql(text: string) {
    return run(addressOf(this.database.url), `set search_path = public; ${text}`);
  }

  async asOwner(text: string): Promise<void> {
    await this.sql(`set role ${this.quotedOwner}; ${text}`);
  }

  async validate(
    changes: Partial<ValidationSubject> = {},
    categories: readonly ValidationCategory[] = VALIDATION_CATEGORIES,
  ): Promise<CheckOutcome[]> {
    return inSession(addressOf(this.database.url), (session) =>
      validateDatabase(session, { ...this.subject, ...changes }, categories),
    );
  }

  /** One check's outcome while `broken` is done by the owner, which is taken back afterwards. */
  async whenBroken(
    name: string,
    broken: string,
    mended: string,
    changes: Partial<ValidationSubject> = {},
  ): Promise<CheckOutcome | undefined> {
    await this.asOwner(broken);
    try {
      return (await this.validate(changes)).find((outcome) => outcome.name === name);
    } finally {
      await this.sql(mended);
    }
  }

  async drop(): Promise<void> {
    await this.database.drop();
    await run(addressOf(this.database.url, 'postgres'), `drop role ${this.quotedOwner}; drop role ${this.application}`);
  }
}

export function failed(outcomes: readonly CheckOutcome[]): string[] {
  return outcomes
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ name }) => name)
    .sort();
}
