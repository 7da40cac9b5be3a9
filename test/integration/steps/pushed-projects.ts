import type { DatabaseAddress } from '#shared/contracts/registry.js';

/** Files of a project of one table, whose one database is the source of the move. */
export function sourceProjectFiles({ server, database }: DatabaseAddress): ReadonlyMap<string, string> {
  const main = JSON.stringify({ server: server.name, database });
  return new Map([
    ['project.yaml', `name: shop\ndatabases:\n  main: ${main}\nrouter: { default: main }\n`],
    ['migrations/shop/0001_stock.up.sql', 'create table stock (id int primary key);'],
    ['migrations/shop/0001_stock.down.sql', 'drop table stock;'],
  ]);
}

/** The one up script of the project whose database a move has made. */
export const UP_OF_MOVED = 'create table public.of_a_project (id int primary key);\n';

/** Files of a project whose one database is the moved one. */
export function movedProjectFiles(movedDatabase: string): ReadonlyMap<string, string> {
  const main = `{ server: dedicated, database: ${JSON.stringify(movedDatabase)} }`;
  return new Map([
    ['project.yaml', `name: conformance\ndatabases:\n  main: ${main}\nrouter: { default: main }\n`],
    ['migrations/main/v001_initial.up.sql', UP_OF_MOVED],
    ['migrations/main/v001_initial.down.sql', 'drop table public.of_a_project;\n'],
  ]);
}
