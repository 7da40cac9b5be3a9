import { asJsonObject } from '#shared/contracts/steps/step-kinds.js';
import { FACTS } from '../../apps/planner/src/planning/upgrade-test-kit.js';
import { PlannerRig } from './planner-rig.js';

/** What an inspection finds of a tenant as `PlannerRig.seedTenant` registers it: nothing is in the way. */
const INSPECTED = asJsonObject({ ...FACTS, database: { ...FACTS.database, owner: 'acme' } });

/** A planner whose tenants can be moved: their service has a config file that says where its database is. */
export async function startWithMovableTenants(): Promise<PlannerRig> {
  const rig = await PlannerRig.start();
  await rig.seedRegistry();
  await rig.put('/v1/services/shop-%7Bdatabase%7D', {
    control: { driver: 'http', url: 'http://127.0.0.1:9/{database}' },
    configFiles: [
      {
        path: '/srv/{database}/shop.conf',
        format: 'ini',
        section: 'options',
        keys: { host: 'db_host', port: 'db_port', user: 'db_user', password: 'db_password', database: 'db_name' },
      },
    ],
  });
  return rig;
}

/** Plays the executor: the inspection of an upgrade goes well, so that its plan is compiled. */
export async function passInspection(rig: PlannerRig, migrationId: string): Promise<void> {
  await rig.succeed(migrationId, 'inspect', INSPECTED);
}
