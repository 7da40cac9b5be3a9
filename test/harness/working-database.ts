import type { CreateDatabaseResult } from '#shared/contracts/steps/database-steps.js';
import type { ProvisionServerResult } from '#shared/contracts/steps/provision-steps.js';
import { ofStep } from './move-outcome.js';
import type { MoveWorld } from './move-world.js';

export interface WorkingDatabase {
  readonly serverId: string;
  /** Administrator's address of the dedicated server. */
  readonly adminUrl: string;
  readonly name: string;
}

/** The copy of a move under way, before it has its final name. */
export async function workingDatabase(world: MoveWorld, migrationId: string): Promise<WorkingDatabase> {
  const events = await world.events(migrationId);
  const provisioned = ofStep(events, 'provision-server', 'StepSucceeded')[0]?.['result'] as ProvisionServerResult;
  const created = ofStep(events, 'create-database', 'StepSucceeded')[0]?.['result'] as CreateDatabaseResult;
  const serverId = provisioned.server.name;
  return { serverId, adminUrl: await world.dedicatedUrl(serverId), name: created.workingName };
}
