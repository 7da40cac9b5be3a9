import { MIGRATION_STATUSES } from '#shared/contracts/answers.js';
import { ChoiceField, IntegerField, PatternField, TextField } from '#shared/contracts/requests/fields.js';
import { Transform } from 'class-transformer';
import { invalidRequest } from '../http/request-refused.js';
import { MigrationRow } from '../models/migration.entity.js';
import type { PlannerModels } from '../models/planner-models.js';
import type { MigrationPage, MigrationSummary } from '../intake/migration.views.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

export class ListQuery {
  @TextField({ optional: true, maxLength: 50, description: 'Only this kind', example: 'upgrade' })
  readonly kind?: string;

  @ChoiceField({ optional: true, values: MIGRATION_STATUSES, description: 'Only this status' })
  readonly status?: string;

  @TextField({ optional: true, maxLength: 300, description: 'Only this subject', example: 'instance:46784872-…' })
  readonly subject?: string;

  @ChoiceField({ optional: true, values: ['true', 'false'], description: 'Dry runs instead of migrations' })
  readonly dryRun?: 'true' | 'false';

  @PatternField({
    optional: true,
    pattern: /^[A-Za-z0-9_-]{1,200}$/,
    shape: 'the `next` of a page',
    description: '`next` of the page before',
  })
  readonly after?: string;

  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
  )
  @IntegerField({ optional: true, minimum: 1, maximum: MAX_LIMIT, description: 'Rows of a page; 50 when silent' })
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

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `after` for what stands behind this migration. */
export function placeOf(migrationId: string): string {
  return Buffer.from(migrationId).toString('base64url');
}

function readPlace(text: string): string {
  const id = Buffer.from(text, 'base64url').toString('latin1');
  if (UUID.test(id)) return id;
  throw invalidRequest([{ pointer: '/query/after', message: 'is not the `next` of a page' }]);
}

function summaryOf(row: MigrationRow): MigrationSummary {
  const { createdAt, updatedAt, ...rest } = row;
  return { ...rest, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
