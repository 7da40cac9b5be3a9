import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Ten versions of a small tenant, as a project of ours and for a peer: every statement is the same. */
const VERSIONS: readonly (readonly [name: string, sql: string])[] = [
  ['customers', 'create table customers (id bigint generated always as identity primary key, email text not null);'],
  ['orders', 'create table orders (id bigint generated always as identity primary key, customer_id bigint not null);'],
  ['customer_of_order', 'alter table orders add foreign key (customer_id) references customers (id);'],
  ['orders_by_customer', 'create index orders_by_customer on orders (customer_id);'],
  ['placed_at', 'alter table orders add column placed_at timestamptz not null default now();'],
  ['items', 'create table items (order_id bigint references orders (id), line integer, primary key (order_id, line));'],
  ['amount', 'alter table items add column amount numeric(12, 2) not null default 0;'],
  ['open_orders', "create view open_orders as select * from orders where placed_at > now() - interval '30 days';"],
  ['rates', "create table rates (code text primary key, rate numeric not null); insert into rates values ('A', 0.2);"],
  ['unique_email', 'alter table customers add constraint customers_email unique (email);'],
];

export const TENANT_MIGRATIONS = VERSIONS.length;

/** Files of the project: every schema `tenant_*` of one database. */
export function tenantProject(database: string, owner: string): ReadonlyMap<string, string> {
  const project = {
    name: 'tenants',
    databases: { main: { server: 'main', database, roles: { owner }, schemas: ['tenant_*'] } },
    router: { default: 'main' },
  };
  return new Map([
    // JSON is YAML.
    ['project.yaml', JSON.stringify(project)],
    ...VERSIONS.map(([name, sql], index): [string, string] => [
      `migrations/app/${versionOf(index)}_${name}.up.sql`,
      sql,
    ]),
  ]);
}

/** The same statements, one file a version, as node-pg-migrate reads them. */
export function writePeerMigrations(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const [index, [name, sql]] of VERSIONS.entries())
    writeFileSync(join(directory, `${versionOf(index)}_${name}.sql`), `-- Up Migration\n${sql}\n`);
}

function versionOf(index: number): string {
  return String(index + 1).padStart(4, '0');
}
