import { expect, it } from '@jest/globals';
import { VALIDATION_CATEGORIES } from '#shared/contracts/projects.js';
import { addressOf, inSession, run } from '../../../../test/harness/moved-database.js';
import { startPostgres } from '../../../../test/harness/servers/start-servers.js';
import { validateDatabase } from './validate-database.js';

const TABLES = `
  create table public.users (id int generated always as identity primary key, email text not null unique);
  create table public.orders (id bigserial primary key, user_id int references public.users, station_id int);
  alter table public.orders add constraint filled check (station_id is not null) not valid;
  create table public.audit_log (id int primary key);
  create table public.rate_limit_rules (id int primary key);
`;
const STATION = {
  database: 'main',
  table: 'orders',
  column: 'station_id',
  referencedTable: 'users',
  referencedColumn: 'id',
};

it.each([13, 18])(
  'every check can be made on PostgreSQL %i',
  async (major) => {
    const server = await startPostgres({ major, durable: false });
    try {
      const address = addressOf(server.adminUrl);
      await run(address, TABLES);
      const subject = {
        schemas: ['public'],
        wantedSchemas: ['public'],
        owner: address.user,
        application: address.user,
        expectedTables: ['users'],
        madeTables: ['audit_log', 'rate_limit_rules'],
        requiredColumns: ['orders.user_id'],
        references: [STATION],
        checks: [],
      };
      const outcomes = await inSession(address, (session) => validateDatabase(session, subject, VALIDATION_CATEGORIES));
      expect(outcomes.filter(({ message }) => message.startsWith('it could not be judged'))).toEqual([]);
      const failed = outcomes.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
      expect(failed).toEqual(expect.arrayContaining(['constraints-validated', 'audit-table', 'rate-limit-rules']));
    } finally {
      await server.stop();
    }
  },
  60_000,
);
