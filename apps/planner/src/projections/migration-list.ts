import { MIGRATION_STATUSES } from '#shared/contracts/answers.js';
import { ChoiceField, TextField } from '#shared/contracts/requests/fields.js';
import { AfterField, DEFAULT_LIMIT, LimitField, placeOf, readPlace } from '../http/page-fields.js';
import { MigrationRow } from '../models/migration.entity.js';
import type { PlannerModels } from '../models/planner-models.js';
import type { MigrationPage, MigrationSummary } from '../intake/migration.views.js';

export class ListQuery {
  @TextField({ optional: true, maxLength: 50, description: 'Only this kind', example: 'upgrade' })
  readonly kind?: string;

  @ChoiceField({ optional: true, values: MIGRATION_STATUSES, description: 'Only this status' })
  readonly status?: string;

  @TextField({ optional: true, maxLength: 300, description: 'Only this subject', example: 'instance:46784872-…' })
  readonly subject?: string;

  @ChoiceField({ optional: true, values: ['true', 'false'], description: 'Dry runs instead of migrations' })
  readonly dryRun?: 'true' | 'false';

  @AfterField()
  readonly after?: string;

  @LimitField({ description: 'Rows of a page; 50 when silent' })
  readonly limit?: number;
}

/** Pages of `planner.migration`, newest first, by key: a page is the same however far one has read. */
export class MigrationList {
  constructor(private readonly models: PlannerModels) {}

  /** @throws RequestRefused for an `after` that no page gave. */
  async page(query: ListQuery): Promise<MigrationPage> {
    const limit = query.limit ?? DEFAULT_LIMIT;
    const after = query.after === undefined ? undefined : readPlace(query.after);
    const rows = await this.models.with(MigrationRow, (repository) => {
      const select = repository
        .createQueryBuilder('m')
        .orderBy('m.createdAt', 'DESC')
        .addOrderBy('m.migrationId', 'DESC')
        .limit(limit + 1);
      select.where('m.dryRun = :dryRun', { dryRun: query.dryRun === 'true' });
      if (query.kind !== undefined) select.andWhere('m.kind = :kind', { kind: query.kind });
      if (query.status !== undefined) select.andWhere('m.status = :status', { status: query.status });
      if (query.subject !== undefined) select.andWhere('m.subject = :subject', { subject: query.subject });
      // The place is the row's id: its time is looked up exactly, a time in JavaScript would lose microseconds.
      if (after !== undefined)
        select.andWhere(
          '(m.createdAt, m.migrationId) < (select p.created_at, p.migration_id from planner.migration p where p.migration_id = :after)',
          { after },
        );
      return select.getMany();
    });
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(summaryOf),
      next: rows.length > limit && last !== undefined ? placeOf(last.migrationId) : null,
    };
  }
}

function summaryOf(row: MigrationRow): MigrationSummary {
  const { createdAt, updatedAt, ...rest } = row;
  return { ...rest, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
