import { naturalOrder } from '#shared/projects/natural-order.js';

/**
 * The version that comes next in an app's own manner: `0004` after `0003`, `v007` after `v006`. An app without any
 * begins as the others of its project did, else with `0001`.
 */
export function nextVersion(ofApp: readonly string[], ofOthers: readonly string[] = []): string {
  const last = [...ofApp].sort(naturalOrder).at(-1);
  if (last !== undefined) return increased(last);
  return [...ofOthers].sort(naturalOrder)[0] ?? '0001';
}

/** Its last number goes up by one and keeps its zeros; what stands behind it is left out. */
function increased(version: string): string {
  const [, before, number] = /^(.*?)(\d+)\D*$/.exec(version) ?? [];
  if (before === undefined || number === undefined) return `${version}2`;
  return `${before}${String(BigInt(number) + 1n).padStart(number.length, '0')}`;
}
