import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Ten thousand tables are 60 MB of JSON, which repeats itself, and 3 MB of this. */
export function packed(value: unknown): Promise<Buffer> {
  return pack(Buffer.from(JSON.stringify(value)));
}

export async function unpacked(bytes: Buffer): Promise<unknown> {
  return JSON.parse((await unpack(bytes)).toString('utf8'));
}
