import type { StepKind } from '#shared/contracts/steps/step-kinds.js';

/** What a kind of step means for the application, whatever plan it stands in. */
export interface StepTraits {
  /** Whether compensation commands its undo; what changes nothing is undone by doing nothing. */
  readonly reversible: boolean;
  /** Its undo is part of bringing the application back and goes before every clean-up. */
  readonly restoresService: boolean;
}

const REVERSIBLE: StepTraits = { reversible: true, restoresService: false };
const RESTORES_SERVICE: StepTraits = { reversible: true, restoresService: true };
const FINAL: StepTraits = { reversible: false, restoresService: false };

/** A new kind of step does not compile without an entry. */
export const STEP_TRAITS: Readonly<Record<StepKind, StepTraits>> = {
  'inspect-move': REVERSIBLE,
  'inspect-retired': REVERSIBLE,
  'describe-plan': REVERSIBLE,
  'provision-server': REVERSIBLE,
  'preflight-target': REVERSIBLE,
  'capture-source': REVERSIBLE,
  'create-database': REVERSIBLE,
  'stop-service': RESTORES_SERVICE,
  'fence-source': RESTORES_SERVICE,
  'dump-database': REVERSIBLE,
  'restore-database': REVERSIBLE,
  'apply-privileges': REVERSIBLE,
  'copy-settings': REVERSIBLE,
  'verify-copy': REVERSIBLE,
  'publish-database': REVERSIBLE,
  'edit-config': RESTORES_SERVICE,
  'write-secret-file': RESTORES_SERVICE,
  'set-environment': RESTORES_SERVICE,
  'resize-service': RESTORES_SERVICE,
  'start-service': RESTORES_SERVICE,
  'verify-connections': REVERSIBLE,
  // Stands after the point of no return: nothing is taken back there.
  'retire-source': FINAL,
  // Its undo lets the application go on where it ran; the order among them is that of the others.
  'reinstate-source': REVERSIBLE,
  'drop-retired': FINAL,
  'inspect-backup': REVERSIBLE,
  'back-up-database': REVERSIBLE,
  'verify-backup': REVERSIBLE,
  'promote-backup': REVERSIBLE,
  'inspect-restore': REVERSIBLE,
  'restore-backup': REVERSIBLE,
  'restore-file': REVERSIBLE,
  'verify-restore': REVERSIBLE,
  'remove-backups': FINAL,
  'inspect-project': REVERSIBLE,
  'prove-fakes': REVERSIBLE,
  'prove-reverts': REVERSIBLE,
  'apply-migrations': REVERSIBLE,
  'revert-migration': REVERSIBLE,
  'swap-database': REVERSIBLE,
  'run-command': REVERSIBLE,
  'validate-database': REVERSIBLE,
  'check-health': REVERSIBLE,
};
