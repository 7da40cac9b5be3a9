import { quoteIdentifier } from '#shared/database/identifier.js';

/** Whose objects, and who uses them. */
export interface GrantedRoles {
  readonly owner: string;
  readonly application: string;
}

/**
 * What an application may do in a schema: read and write rows and draw from sequences, in what is there and in what the
 * owner makes later. Nothing of it changes structure, and nothing of it reaches our own schema. May be repeated.
 */
export function applicationGrants(schema: string, { owner, application }: GrantedRoles): string[] {
  const [inSchema, to] = [`in schema ${quoteIdentifier(schema)}`, `to ${quoteIdentifier(application)}`];
  const later = `alter default privileges for role ${quoteIdentifier(owner)} ${inSchema}`;
  return [
    `grant usage on schema ${quoteIdentifier(schema)} ${to}`,
    `grant select, insert, update, delete on all tables ${inSchema} ${to}`,
    `grant usage, select on all sequences ${inSchema} ${to}`,
    `${later} grant select, insert, update, delete on tables ${to}`,
    `${later} grant usage, select on sequences ${to}`,
  ];
}
