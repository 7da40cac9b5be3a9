import type { FaultPoints } from '#shared/observability/fault-points.js';
import type { Logger } from '#shared/observability/logger.js';

/** What every step of this executor may use. One per process. */
export interface StepTools {
  readonly faults: FaultPoints;
  readonly logger: Logger;
}
