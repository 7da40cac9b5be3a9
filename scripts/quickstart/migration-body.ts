import type { Certificate } from '../../apps/planner/src/migration/certificate.js';
import type { MigrationView, StepView } from '#shared/contracts/answers.js';

/** `GET /v1/migrations/{id}` of an upgrade: its result is a certificate. */
export type MigrationBody = Omit<MigrationView, 'result'> & {
  readonly result: { readonly certificate?: Certificate } | null;
};
export type StepBody = StepView;
export type { Certificate };

const ENDED: ReadonlySet<string> = new Set(['completed', 'rolled-back', 'cancelled', 'refused', 'halted']);

export function hasEnded(body: Pick<MigrationBody, 'status'>): boolean {
  return ENDED.has(body.status);
}
