import { assertNever } from '#shared/errors/assert-never.js';
import { decideCompensation } from './decide-compensation.js';
import { decideForward } from './decide-forward.js';
import { decideInspected, decideRequested } from './decide-planning.js';
import { NOTHING, type Decision } from './decision.js';
import { decideStopBeforePlan } from './decide-stop.js';
import type { MigrationState } from './migration-state.js';

/**
 * What follows from the state of a migration: a function of its history alone, so that whoever repeats it
 * decides the same. Nothing, when it waits for an outcome, for a person, or is over.
 */
export function decide(state: MigrationState): Decision {
  switch (state.status) {
    case 'requested':
      return state.stop === undefined ? decideRequested(state) : decideStopBeforePlan(state, state.stop);
    case 'inspecting':
      return state.stop === undefined ? decideInspected(state) : decideStopBeforePlan(state, state.stop);
    case 'scheduled':
    case 'awaiting-approval':
      return state.stop === undefined ? NOTHING : decideStopBeforePlan(state, state.stop);
    case 'migrating':
    case 'paused':
      return decideForward(state);
    case 'compensating':
      return decideCompensation(state);
    case 'unknown':
    case 'refused':
    case 'completed':
    case 'rolled-back':
    case 'cancelled':
    case 'halted':
      return NOTHING;
    default:
      return assertNever(state);
  }
}
