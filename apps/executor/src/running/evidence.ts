import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import type { JsonObject } from '#shared/contracts/json.js';
import { ledgerFailure } from '#shared/ledger/ledger-reader.js';

/** An event holds 256 KiB at most; the rest of it, and its escapes, need room too. */
const LARGEST_RESULT_BYTES = 200 * 1024;

/** Content too large for an event, kept beside the ledger under its own digest. */
export class EvidenceStore {
  constructor(private readonly pool: Pool) {}

  /** @returns SHA-256 of the content, lower-case hex. Storing the same content again changes nothing. */
  async put(content: Buffer): Promise<string> {
    const sha256 = createHash('sha256').update(content).digest('hex');
    try {
      await this.pool.query(
        `insert into executor.evidence (sha256, content)
         values ($1, $2)
         on conflict (sha256) do nothing`,
        [sha256, content],
      );
    } catch (error) {
      throw ledgerFailure(error);
    }
    return sha256;
  }

  /** The result itself, or `{"evidence": {"sha256", "bytes"}}` when it is too large for an event. */
  async fit(result: JsonObject): Promise<JsonObject> {
    const content = Buffer.from(JSON.stringify(result), 'utf8');
    if (content.length <= LARGEST_RESULT_BYTES) return result;
    return { evidence: { sha256: await this.put(content), bytes: content.length } };
  }
}
