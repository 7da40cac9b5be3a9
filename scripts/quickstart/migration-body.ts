import type { Certificate as AnyCertificate } from '../../apps/planner/src/migration/certificate.js';
import type { MigrationView, StepView } from '#shared/contracts/answers.js';

/** Of a move with a copy and a service: both were looked at. */
export type Certificate = AnyCertificate & {
  readonly verification: NonNullable<AnyCertificate['verification']>;
  readonly connections: NonNullable<AnyCertificate['connections']>;
};

/** `GET /v1/migrations/{id}` of an upgrade: its result is a certificate. */
export type MigrationBody = Omit<MigrationView, 'result'> & {
  readonly result: { readonly certificate?: Certificate } | null;
};
export type StepBody = StepView;

const ENDED: ReadonlySet<string> = new Set(['completed', 'rolled-back', 'cancelled', 'refused', 'halted']);

export function hasEnded(body: Pick<MigrationBody, 'status'>): boolean {
  return ENDED.has(body.status);
}
