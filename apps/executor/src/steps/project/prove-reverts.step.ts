import type { ValidateDatabaseResult } from '#shared/contracts/steps/project-steps.js';
import { titleOf } from '../../projects/project-migration.js';
import type { Step, StepContext } from '../../running/step.js';
import { placeOf } from '../step-session.js';
import { roundTrips, type RoundTrip } from './scratch/round-trips.js';
import { dropScratches } from './scratch/scratch-database.js';

const MOST_SAMPLES = 10;

/** Runs each version up, down and up again on a scratch database: does its down script take back what its up script makes? */
export const proveReverts: Step<'prove-reverts'> = {
  kind: 'prove-reverts',

  probe: () => Promise.resolve({ state: 'not-started' }),

  async run(context) {
    await dropScratches(context);
    return resultOf(context, await roundTrips(context));
  },

  verify: () => Promise.resolve(),

  async undo(context) {
    await dropScratches(context);
    return {};
  },

  describe({ database, project }) {
    const at = placeOf(database.address.server);
    const name = `${database.address.database}__f<8 hex>_<fence>`;
    return [
      { tool: 'sql', at, text: `create database "${name}" with owner "${database.owner}" connection limit 0` },
      {
        tool: 'sql',
        at: `${at}/${name}`,
        text: `run every version of ${project.name} that lives here up, down and up again; read the structure in between`,
      },
      { tool: 'sql', at, text: `drop database "${name}" with (force)` },
    ];
  },
};

function resultOf(
  { params: { database } }: StepContext<'prove-reverts'>,
  trips: readonly RoundTrip[],
): ValidateDatabaseResult {
  const failed = trips.filter(({ differences }) => differences.length > 0);
  const tried = trips.filter(({ hasDown }) => hasDown).length;
  const outcome = failed.length > 0 ? 'failed' : tried === 0 ? 'not-applicable' : 'passed';
  const { alias, address } = database;
  return {
    alias,
    server: address.server.name,
    database: address.database,
    passed: outcome === 'passed' ? 1 : 0,
    failed: outcome === 'failed' ? 1 : 0,
    notApplicable: outcome === 'not-applicable' ? 1 : 0,
    checks: [
      {
        name: 'up-down-up',
        category: 'schema',
        outcome,
        count: failed.length,
        samples: failed
          .flatMap(({ file, differences }) => differences.map((difference) => `${titleOf(file)}: ${difference}`))
          .slice(0, MOST_SAMPLES),
        message: `${String(tried)} of ${String(trips.length)} versions have a down script; up, down and up again must lead to where they began`,
        ...(failed.length === 0
          ? {}
          : { remedy: 'correct the down script of each, push the project and validate again' }),
      },
    ],
  };
}
