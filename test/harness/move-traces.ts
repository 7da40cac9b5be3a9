import type { SampleTenant } from '../../scripts/stack/sample-tenant.js';
import type { MoveWorld } from './move-world.js';

export interface MoveTraces {
  readonly databases: readonly object[];
  readonly roles: readonly object[];
  readonly comments: readonly object[];
  readonly config: string;
  readonly environment: object;
  readonly resources: object;
  /** Servers that the provisioner keeps. */
  readonly provisioned: object;
}

/** Everything outside of Rehome that a move changes: equal before and after means that nothing is left of it. */
export async function tracesOf(world: MoveWorld, tenant: SampleTenant): Promise<MoveTraces> {
  const shared = (text: string): Promise<object[]> => world.query(tenant.options.server.adminUrl, 'postgres', text);
  const provisioned = await fetch(`${world.stack.provisioner?.url ?? ''}/servers`);
  return {
    databases: await shared(
      `select oid, datname, pg_get_userbyid(datdba) as owner, datallowconn, datconnlimit, datacl::text
         from pg_database
        order by datname`,
    ),
    roles: await shared('select rolname, rolsuper, rolcanlogin, rolconnlimit from pg_roles order by 1'),
    comments: await shared('select * from pg_shdescription order by 1, 2'),
    config: tenant.config(),
    environment: await world.controller(tenant, 'environment'),
    resources: await world.controller(tenant, 'resources'),
    provisioned: (await provisioned.json()) as object,
  };
}
