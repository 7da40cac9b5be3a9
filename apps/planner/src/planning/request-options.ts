import type { JsonObject } from '#shared/contracts/json.js';

/** `options` of any request, as far as the planner acts on them. */
export interface RequestOptions {
  readonly approval: 'auto' | 'required';
  readonly onBusy?: 'refuse' | 'queue';
  /** RFC 3339. */
  readonly runAt?: string;
  readonly maxDowntimeMs?: number;
  readonly rehearse: boolean;
}

/** Reads options that intake has validated; what is absent or unknown is as if it were not said. */
export function readOptions(request: JsonObject): RequestOptions {
  const options = request['options'];
  const given =
    typeof options === 'object' && options !== null && !Array.isArray(options) ? (options as JsonObject) : {};
  const { approval, onBusy, runAt, maxDowntimeMs, rehearse } = given;
  return {
    approval: approval === 'required' ? 'required' : 'auto',
    rehearse: rehearse === true,
    ...(onBusy === 'refuse' || onBusy === 'queue' ? { onBusy } : {}),
    ...(typeof runAt === 'string' ? { runAt } : {}),
    ...(typeof maxDowntimeMs === 'number' ? { maxDowntimeMs } : {}),
  };
}
