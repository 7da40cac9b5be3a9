import type { Node } from 'libpg-query';
import { namesOf, nodeAs, nodesBelow } from './nodes.js';

/** Functions in defaults of which PostgreSQL needs one value for all rows; whatever is not here may be volatile. */
const ONE_VALUE = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'current_setting',
  'current_schema',
  'current_database',
  'pg_backend_pid',
  'date_trunc',
  'timezone',
  'make_date',
  'make_interval',
  'make_timestamptz',
  'to_timestamp',
  'to_date',
  'to_char',
  'extract',
  'date_part',
  'lower',
  'upper',
  'concat',
  'format',
  'md5',
  'abs',
  'round',
  'floor',
  'power',
  'array_fill',
  'jsonb_build_object',
  'jsonb_build_array',
  'json_build_object',
  'json_build_array',
  'to_jsonb',
  'to_json',
  'decode',
  'encode',
]);

/** Whether an expression may give every row another value, so that every row must be written. */
export function isVolatile(expression: Node | undefined): boolean {
  for (const node of nodesBelow(expression)) {
    const call = nodeAs(node, 'FuncCall');
    if (call !== undefined && !ONE_VALUE.has(namesOf(call.funcname).at(-1) ?? '')) return true;
  }
  return false;
}
