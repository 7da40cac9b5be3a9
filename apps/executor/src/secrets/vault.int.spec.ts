import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../../test/harness/database.js';
import { Sealer } from './sealing.js';
import { Vault } from './vault.js';

describe('the vault', () => {
  let database: TestDatabase | undefined;
  let pool: pg.Pool;
  let vault: Vault;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    await pool.query(`
      create schema executor;
      create table executor.vault (
        name text primary key,
        key_id text not null,
        nonce bytea not null,
        ciphertext bytea not null,
        tag bytea not null
      )`);
    vault = new Vault(pool, new Sealer(Buffer.alloc(32, 1)));
  });

  afterAll(async () => {
    await pool.end();
    await database?.drop();
  });

  it('gives back what was stored, whatever it is made of', async () => {
    const secret = `p"a's$s w\\rd\n\0ü 🔑`;
    expect(await vault.put('dedicated-7/acme', secret)).toBe('vault:dedicated-7/acme');
    expect(await vault.get('dedicated-7/acme')).toBe(secret);
  });

  it('shows the database no plain secret [c22]', async () => {
    await vault.put('a', 'canary-plain');
    const { rows } = await pool.query<{ row: string; ciphertext: Buffer }>(
      'select v::text as row, v.ciphertext from executor.vault v',
    );
    expect(rows.some(({ ciphertext }) => ciphertext.includes('canary'))).toBe(false);
    expect(rows.some(({ row }) => row.includes('canary'))).toBe(false);
  });

  it('keeps the last of two secrets of one name', async () => {
    await vault.put('b', 'one');
    await vault.put('b', 'two');
    expect(await vault.get('b')).toBe('two');
  });

  it('does not open a row that was moved to another name', async () => {
    await vault.put('c', 'canary');
    await pool.query(
      `insert into executor.vault select 'd', key_id, nonce, ciphertext, tag from executor.vault where name = 'c'`,
    );
    await expect(vault.get('d')).rejects.toMatchObject({ code: 'SECRET_MISSING' });
  });

  it('says what is missing, and forgets', async () => {
    await expect(vault.get('none')).rejects.toMatchObject({ code: 'SECRET_MISSING' });
    await vault.put('e', 'x');
    await vault.delete('e');
    await vault.delete('e');
    await expect(vault.get('e')).rejects.toMatchObject({ code: 'SECRET_MISSING' });
  });

  it('says which key it needs when another site stored the secret', async () => {
    await vault.put('f', 'x');
    await expect(new Vault(pool, new Sealer(Buffer.alloc(32, 2))).get('f')).rejects.toThrow(
      /start it with the key of its site/,
    );
  });
});
