import type { MigrationStatus } from '#shared/contracts/projects.js';
import type { KeptMigrations } from '#shared/contracts/steps/project-steps.js';
import { abandonChange } from '../../../projects/own-change.js';
import { hasTracking } from '../../../projects/tracking/tracking-tables.js';
import { recordStatus } from '../../../projects/tracking/tracking-rows.js';
import type { Session } from '../../../postgres/session.js';
import type { StepContext } from '../../../running/step.js';
import { withDatabase } from '../../step-session.js';
import { appliedMigrations, placeOfResult, readSettlement, type Settlement } from './apply-result.js';

type Context = StepContext<'apply-migrations'>;

/**
 * What an apply has committed stays: each version is whole, and a down script would take back rows that were written
 * since. Says what stands, and what did not get through. May be repeated.
 */
export async function keepApplied(context: Context): Promise<KeptMigrations> {
  const { params } = context;
  return withDatabase(context, params.database.address, async (session) => {
    const place = placeOfResult(params);
    if (!(await hasTracking(session))) return { ...place, kept: [] };
    await failInterrupted(context, session);
    await context.lease.check();
    await abandonChange(session, context.run);
    const own = await ownRows(context, session);
    const failed = params.migrations.find(({ app, version }) =>
      own.some((row) => row.app === app && row.version === version && row.status === 'failed'),
    );
    const kept = appliedMigrations(params.migrations, settledBy(own, await readSettlement(session, params)));
    if (failed === undefined) return { ...place, kept };
    const { app, version, name } = failed;
    return { ...place, kept, failed: { app, version, name } };
  });
}

/** A script without a transaction that was cut off: the next apply goes on in its middle. */
async function failInterrupted({ params, run, lease }: Context, session: Session): Promise<void> {
  const rows = await ownRows({ params, run }, session);
  for (const { status, ...row } of rows) {
    if (status !== 'running') continue;
    const tracked = { project: params.project.name, ...row };
    await lease.check();
    await recordStatus(
      session,
      { ...tracked, by: params.appliedBy, migrationId: run.migrationId },
      { status: 'failed', executionTimeMs: 0 },
    );
  }
}

interface OwnRow {
  readonly schema: string;
  readonly app: string;
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly status: MigrationStatus;
}

async function ownRows({ params, run }: Pick<Context, 'params' | 'run'>, session: Session): Promise<OwnRow[]> {
  const { rows } = await session.query<OwnRow>(
    `select schema, app, version, name, checksum, status
       from rehome.schema_migrations
      where project = $1 and migration_id = $2`,
    [params.project.name, run.migrationId],
  );
  return rows;
}

/** What was settled before this migration is not its doing. */
function settledBy(own: readonly OwnRow[], settlement: Settlement): Settlement {
  const keys = new Set(own.map(({ schema, app, version }) => `${schema} ${app}/${version}`));
  return new Map(
    [...settlement].map(([key, found]) => [key, found.filter(({ schema }) => keys.has(`${schema} ${key}`))]),
  );
}
