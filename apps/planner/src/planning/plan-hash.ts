import { createHash } from 'node:crypto';
import { canonicalJson } from '#shared/contracts/canonical-json.js';
import type { Plan } from '#shared/contracts/plan.js';

/** SHA-256, lower-case hex, over the RFC 8785 text of everything in the plan: what an approval is bound to. */
export function hashPlan(plan: Plan): string {
  return createHash('sha256').update(canonicalJson(plan), 'utf8').digest('hex');
}
