/** `940 ms`, `2.1 s`, `1 min 4 s`. */
export function seconds(ms: number): string {
  if (ms < 1000) return `${String(Math.round(ms))} ms`;
  // 59 950 ms and more would round to `60.0 s`.
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`;
}

/** `2026-11-21 05:44:49Z`: a place where people of several time zones agree. */
export function utc(time: string): string {
  return time.replace('T', ' ').replace(/(?:\.\d+)?Z$/, 'Z');
}
