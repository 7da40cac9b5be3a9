import type { ValidationCheck } from './check.js';
import { CONSTRAINT_CHECKS } from './checks/constraints.js';
import { DATA_CHECKS } from './checks/data.js';
import { INDEX_CHECKS } from './checks/indexes.js';
import { RULE_CHECKS } from './checks/rules.js';
import { SCHEMA_CHECKS } from './checks/schema.js';
import { ACCESS_CHECKS } from './checks/security.js';

/** Every check that needs no configuration, by category. */
export const BUILT_IN_CHECKS: readonly ValidationCheck[] = [
  ...SCHEMA_CHECKS,
  ...INDEX_CHECKS,
  ...CONSTRAINT_CHECKS,
  ...DATA_CHECKS,
  ...ACCESS_CHECKS,
  ...RULE_CHECKS,
];
