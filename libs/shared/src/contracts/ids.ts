declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** UUID of a migration, lower case. */
export type MigrationId = Branded<string, 'MigrationId'>;
/** Name of a step within its plan, unique there: kebab-case, at most 63 bytes. */
export type StepId = Branded<string, 'StepId'>;
/** Place in the ledger: gap free, from 1, in commit order. Decimal text in JSON, never a JSON number. */
export type Position = Branded<bigint, 'Position'>;
/** Name of a ledger stream, see `streams.ts`. */
export type StreamId = Branded<string, 'StreamId'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const STEP_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** @throws RangeError when the text is not a UUID. */
export function toMigrationId(text: string): MigrationId {
  const lower = text.toLowerCase();
  if (!UUID.test(lower)) throw new RangeError(`"${text}" is not a UUID`);
  return lower as MigrationId;
}

/** @throws RangeError when the text is not kebab-case of 1 to 63 characters. */
export function toStepId(text: string): StepId {
  if (!STEP_ID.test(text)) throw new RangeError(`"${text}" is not a step id`);
  return text as StepId;
}

/** @throws RangeError when the value is negative or not a whole number. */
export function toPosition(value: bigint | string | number): Position {
  const position = BigInt(value);
  if (position < 0n) throw new RangeError(`position ${String(value)} is negative`);
  return position as Position;
}
