import { RehomeError } from '#shared/errors/rehome-error.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';
import type { Sealer } from './sealing.js';

/** What the vault needs of a pool or a session; `pg.Pool` and `pg.Client` both fit. */
export interface Queryable {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/;

/** Secrets as sealed rows of `executor.vault`. The database never sees a plain one. */
export class Vault {
  constructor(
    private readonly database: Queryable,
    private readonly sealer: Sealer,
  ) {}

  /** Stores or replaces; doing it twice is doing it once. @returns the reference to it, `vault:NAME`. */
  async put(name: string, secret: string): Promise<string> {
    assertName(name);
    const { keyId, nonce, ciphertext, tag } = this.sealer.seal(labelOf(name), Buffer.from(secret, 'utf8'));
    await this.query(
      `insert into executor.vault (name, key_id, nonce, ciphertext, tag)
       values ($1, $2, $3, $4, $5)
       on conflict (name) do update
         set key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext, tag = excluded.tag`,
      [name, keyId, nonce, ciphertext, tag],
    );
    return `vault:${name}`;
  }

  /** @throws RehomeError SECRET_MISSING when there is none of this name or it does not open with this key. */
  async get(name: string): Promise<string> {
    assertName(name);
    const { rows } = await this.query(
      `select key_id, nonce, ciphertext, tag
         from executor.vault
        where name = $1`,
      [name],
    );
    const row = rows[0];
    if (!isVaultRow(row)) {
      throw new RehomeError(
        'SECRET_MISSING',
        `the vault holds no secret named ${name}; it is stored by the step that received it; provision again, or name another reference`,
      );
    }
    const sealed = { keyId: row.key_id, nonce: row.nonce, ciphertext: row.ciphertext, tag: row.tag };
    return this.sealer.open(labelOf(name), sealed).toString('utf8');
  }

  /** Whether there is one of this name, under whatever key. */
  async has(name: string): Promise<boolean> {
    assertName(name);
    const { rows } = await this.query('select 1 from executor.vault where name = $1', [name]);
    return rows.length > 0;
  }

  /** Forgets it; one that is not there is forgotten already. */
  async delete(name: string): Promise<void> {
    assertName(name);
    await this.query('delete from executor.vault where name = $1', [name]);
  }

  private async query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> {
    try {
      return await this.database.query(text, values);
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}

interface VaultRow {
  readonly key_id: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

function isVaultRow(row: unknown): row is VaultRow {
  return (
    typeof row === 'object' && row !== null && 'key_id' in row && 'nonce' in row && 'ciphertext' in row && 'tag' in row
  );
}

function labelOf(name: string): string {
  return `vault:${name}`;
}

function assertName(name: string): void {
  if (NAME.test(name)) return;
  throw new RehomeError(
    'SECRET_MISSING',
    `"${name}" is not a name of a vault secret: letters, digits and . _ : / - only, at most 200`,
  );
}
