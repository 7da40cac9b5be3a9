import type { Failure } from '#shared/contracts/events.js';
import { scrubUrls } from '#shared/observability/logger.js';
import type { Redactor } from './secrets/redact.js';

/** A failure without any secret: those that were resolved here, in all their forms, and passwords in URLs. */
export function redactFailure(redactor: Redactor): (failure: Failure) => Failure {
  return (failure) => ({
    ...failure,
    detail: scrubUrls(redactor.clean(failure.detail)),
    ...(failure.facts === undefined ? {} : { facts: redactor.cleanJson(failure.facts) }),
  });
}
