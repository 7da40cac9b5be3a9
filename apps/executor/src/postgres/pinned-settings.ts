/**
 * Settings that change how values and definitions turn into text. The same row hashed differently under
 * UTC and Asia/Tokyo, and a view deparses without its schema when the search path shows it; so every session
 * of the executor pins them, on both sides. An empty search path leaves only pg_catalog visible.
 */
export const PINNED_SETTINGS = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '3',
  lc_monetary: 'C',
  xmlbinary: 'base64',
  xmloption: 'content',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  search_path: '',
} as const;

/**
 * Settings of the session itself. A database or role may carry others (`alter role … set statement_timeout`),
 * which would end our long statements, or make us read only.
 */
export const SESSION_SETTINGS = {
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  // Reads fail instead of silently returning fewer rows when a policy would hide some.
  row_security: 'off',
} as const;

/** Settings that older majors do not know, by the first major that does. */
export const LATER_SETTINGS: readonly { readonly since: number; readonly name: string; readonly value: string }[] = [
  { since: 14, name: 'idle_session_timeout', value: '0' },
  // The server notices within seconds that we are gone, also in the middle of a statement.
  { since: 14, name: 'client_connection_check_interval', value: '5s' },
  { since: 17, name: 'transaction_timeout', value: '0' },
];
