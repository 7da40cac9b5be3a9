import type { LintFinding, LintWaiver, MigrationFile } from '../migration-file.js';
import { LINT_RULES } from './lint-rules.js';

/** What can be wrong with a waiver that is written right; nothing waives these. */
export const WAIVER_RULES = [
  {
    name: 'waiver-of-unknown-rule',
    reason: 'it waives nothing, because no rule is called so',
    safeWay: 'write the name that the finding shows, or take the comment out',
  },
  {
    name: 'waiver-not-used',
    reason: 'the rule finds nothing here, so the comment hides what somebody writes here later',
    safeWay: 'take the comment out',
  },
] as const;

type WaiverFault = (typeof WAIVER_RULES)[number]['name'];

/** On its statement or anywhere in the file. */
export function waives({ rule, line }: LintWaiver, finding: LintFinding): boolean {
  return rule === finding.rule && (line === undefined || line === finding.line);
}

/** @param found everything that the rules found in the file, waived or not */
export function judgeWaivers(file: MigrationFile, found: readonly LintFinding[]): LintFinding[] {
  return file.waivers.flatMap((waiver) => {
    const fault = faultOf(waiver, found);
    return WAIVER_RULES.filter(({ name }) => name === fault).map(({ name, reason, safeWay }) => ({
      rule: name,
      path: file.up.path,
      line: waiver.line ?? 1,
      reason: `\`${waiver.rule}\`: ${reason}`,
      safeWay,
    }));
  });
}

function faultOf(waiver: LintWaiver, found: readonly LintFinding[]): WaiverFault | undefined {
  if (!LINT_RULES.some(({ name }) => name === waiver.rule)) return 'waiver-of-unknown-rule';
  return found.some((finding) => waives(waiver, finding)) ? undefined : 'waiver-not-used';
}
