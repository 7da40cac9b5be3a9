import type { LintRule } from './rule.js';
import { ADVICE_RULES } from './rules/advice-rules.js';
import { COLUMN_RULES } from './rules/column-rules.js';
import { CONSTRAINT_RULES } from './rules/constraint-rules.js';
import { DATA_RULES } from './rules/data-rules.js';
import { INDEX_RULES } from './rules/index-rules.js';
import { LOCK_RULES } from './rules/lock-rules.js';
import { PHASE_RULES } from './rules/phase-rules.js';
import { TABLE_RULES } from './rules/table-rules.js';

/** Every rule, in the order of docs/reference/lint.md. */
export const LINT_RULES: readonly LintRule[] = [
  ...INDEX_RULES,
  ...COLUMN_RULES,
  ...CONSTRAINT_RULES,
  ...TABLE_RULES,
  ...PHASE_RULES,
  ...DATA_RULES,
  ...LOCK_RULES,
  ...ADVICE_RULES,
];
