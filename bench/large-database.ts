import pg from 'pg';
import { quoteIdentifier } from '#shared/database/identifier.js';
import { withDatabase } from '#shared/database/set-up.js';

const TABLES = 8;
/** Of a row with its two indexes, measured; what is missing is made up for table by table. */
const BYTES_PER_ROW = 230;

/** Orders in tables of equal size, each with a primary key and another index, until the database has the size. */
export async function fillToSize(
  adminUrl: string,
  { database, owner, bytes }: { readonly database: string; readonly owner: string; readonly bytes: number },
): Promise<number> {
  const client = new pg.Client({ connectionString: withDatabase(adminUrl, database) });
  await client.connect();
  try {
    await client.query(`set role ${quoteIdentifier(owner)}`);
    for (let table = 1; table <= TABLES; table += 1) {
      const missing = bytes - (await sizeOf(client));
      await fillTable(
        client,
        `bench_order_${String(table)}`,
        Math.ceil(missing / (TABLES - table + 1) / BYTES_PER_ROW),
      );
    }
    return await sizeOf(client);
  } finally {
    await client.end();
  }
}

async function fillTable(client: pg.Client, name: string, rows: number): Promise<void> {
  await client.query(`
    create table ${name} (
      id bigint generated always as identity primary key,
      customer integer not null,
      placed_at timestamptz not null,
      amount numeric(12, 2) not null,
      note text not null
    )`);
  await client.query(
    `insert into ${name} (customer, placed_at, amount, note)
     select (random() * 50000)::integer, timestamptz '2026-01-01' + g * interval '7 seconds', (random() * 1000)::numeric(12, 2),
            md5(g::text) || md5((g * 7)::text) || ' delivered to the front door'
       from generate_series(1, $1::integer) as g`,
    [rows],
  );
  await client.query(`create index ${name}_customer on ${name} (customer, placed_at)`);
}

async function sizeOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('select pg_database_size(current_database())::text as bytes');
  return Number(rows[0]?.bytes ?? '0');
}
