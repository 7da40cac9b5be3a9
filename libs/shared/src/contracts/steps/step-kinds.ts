import type { JsonObject } from '../json.js';

/** Every kind of step with its version: a command names the one it was compiled for, an executor that lacks it refuses. */
export const STEP_VERSIONS = {
  'inspect-move': 1,
  'inspect-retired': 1,
  'describe-plan': 1,
  'provision-server': 1,
  'preflight-target': 1,
  'capture-source': 1,
  'create-database': 1,
  'stop-service': 1,
  'fence-source': 1,
  'dump-database': 1,
  'restore-database': 1,
  'apply-privileges': 1,
  'copy-settings': 1,
  'verify-copy': 1,
  'publish-database': 1,
  'edit-config': 1,
  'write-secret-file': 1,
  'set-environment': 1,
  'resize-service': 1,
  'start-service': 1,
  'verify-connections': 1,
  'retire-source': 1,
  'reinstate-source': 1,
  'drop-retired': 1,
  'inspect-backup': 1,
  'back-up-database': 1,
  'verify-backup': 1,
  'promote-backup': 1,
  'inspect-restore': 1,
  'restore-backup': 1,
  'restore-file': 2,
  'verify-restore': 1,
  'remove-backups': 1,
  'inspect-project': 1,
  'prove-fakes': 1,
  'prove-reverts': 1,
  'apply-migrations': 1,
  'revert-migration': 1,
  'swap-database': 1,
  'run-command': 1,
  'validate-database': 1,
  'check-health': 1,
} as const satisfies Readonly<Record<string, number>>;

export type StepKind = keyof typeof STEP_VERSIONS;

export function isStepKind(text: string): text is StepKind {
  return Object.hasOwn(STEP_VERSIONS, text);
}

/** Params and results are plain JSON; this is the one place that says so to the compiler. */
export function asJsonObject(value: object): JsonObject {
  return value as JsonObject;
}
