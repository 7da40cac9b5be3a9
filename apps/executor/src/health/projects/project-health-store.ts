import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { NewEventOf } from '#shared/contracts/events.js';
import type { DatabaseHealth } from '#shared/contracts/projects.js';
import type { ProjectPin } from '#shared/contracts/steps/project-steps.js';
import { healthStream } from '#shared/contracts/streams.js';
import { ledgerFailure, type LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { LedgerWriter } from '#shared/ledger/ledger-writer.js';
import { outOfReach } from './judge-health.js';

export interface HealthStoreParts {
  readonly ledger: Pick<LedgerWriter, 'append'>;
  readonly reader: Pick<LedgerReader, 'readStream'>;
  readonly reads: Pool;
  /** Of this process, written into events. */
  readonly owner: string;
}

/** The last look at each database, and the ledger's word where it differs from the one before. */
export class ProjectHealthStore {
  constructor(private readonly parts: HealthStoreParts) {}

  /** @throws RehomeError LEDGER_UNAVAILABLE */
  async record(project: ProjectPin, databases: readonly DatabaseHealth[], checkedAt: Date): Promise<void> {
    const known = await this.known(project.name);
    const changed = databases.filter(({ alias, state, detail }) => {
      const before = known.get(alias);
      return before?.state !== state || before.detail !== detail;
    });
    // Told first: whoever dies in between tells it again, and the ledger has heard it already.
    if (changed.length > 0) await this.tell(project, changed);
    await this.keep(project, databases, checkedAt);
  }

  /**
   * A look that could not be made at any of them. What the one before had counted is told with it.
   * @throws RehomeError LEDGER_UNAVAILABLE
   */
  async recordUnknown(
    project: ProjectPin,
    aliases: readonly string[],
    { why, at }: { readonly why: string; readonly at: Date },
  ): Promise<void> {
    const rows = await this.query<{ health: DatabaseHealth }>(
      `
      select health
      from executor.project_health
      where project = $1
      `,
      [project.name],
    );
    const before = new Map(rows.map(({ health }) => [health.alias, health]));
    const unknown = aliases.map((alias): DatabaseHealth => {
      const verdict = { state: 'unknown', detail: why } as const;
      // Where an unread project has it, the planner knows.
      const nothing = outOfReach({ alias, server: '', database: '' }, verdict);
      return { ...nothing, durationMs: 0, ...before.get(alias), ...verdict };
    });
    await this.record(project, unknown, at);
  }

  /** What the project does not name any more is nobody's concern. */
  async forgetOthers(project: string, aliases: readonly string[]): Promise<void> {
    await this.query(
      `
      delete from executor.project_health
      where project = $1 and alias <> all ($2)
      `,
      [project, aliases],
    );
  }

  private async known(project: string): Promise<Map<string, { state: string; detail: string }>> {
    const rows = await this.query<{ alias: string; state: string; detail: string }>(
      `
      select alias, state, health ->> 'detail' as detail
      from executor.project_health
      where project = $1
      `,
      [project],
    );
    return new Map(rows.map(({ alias, state, detail }) => [alias, { state, detail }]));
  }

  /** Compares with the stream itself, under its version: two who look at once tell it once. */
  private async tell(project: ProjectPin, changed: readonly DatabaseHealth[]): Promise<void> {
    const stream = healthStream(project.name);
    for (;;) {
      const events = await this.parts.reader.readStream(stream);
      const last = new Map(
        events.flatMap(({ type, data }) => (type === 'HealthChanged' ? [[data.subject, data]] : [])),
      );
      const news = changed
        .map((health) => this.eventOf(project, health))
        .filter(({ data }) => {
          const before = last.get(data.subject);
          return before?.healthy !== data.healthy || before.detail !== data.detail;
        });
      if (news.length === 0) return;
      const expected = events.at(-1)?.streamVersion ?? 0;
      const answer = await this.parts.ledger.append({ appends: [{ stream, expected, events: news }], effects: [] });
      if (answer.outcome !== 'conflict') return;
    }
  }

  private eventOf(project: ProjectPin, { alias, state, detail }: DatabaseHealth): NewEventOf<'HealthChanged'> {
    const eventId = randomUUID();
    return {
      eventId,
      type: 'HealthChanged',
      schemaVersion: 1,
      data: {
        subject: `project:${project.name}/${alias}`,
        healthy: state === 'healthy',
        detail: state === 'healthy' ? detail : `${state}: ${detail}`,
      },
      metadata: { correlationId: eventId, causationId: eventId, actor: `executor:${this.parts.owner}` },
    };
  }

  private async keep({ name, digest }: ProjectPin, databases: readonly DatabaseHealth[], at: Date): Promise<void> {
    await this.query(
      `
      insert into executor.project_health as known (project, alias, digest, state, health, checked_at, changed_at)
      select $1, seen ->> 'alias', $2, seen ->> 'state', seen, $4, $4
      from json_array_elements($3::json) as seen
      on conflict (project, alias) do update
      set
        digest = excluded.digest, state = excluded.state, health = excluded.health, checked_at = excluded.checked_at,
        changed_at = case
          when known.state = excluded.state and known.health ->> 'detail' = excluded.health ->> 'detail'
          then known.changed_at
          else excluded.changed_at
        end
      -- Another may have looked later and written sooner.
      where known.checked_at <= excluded.checked_at
      `,
      [name, digest, JSON.stringify(databases), at],
    );
  }

  private async query<R extends object>(text: string, values: unknown[]): Promise<R[]> {
    try {
      return (await this.parts.reads.query<R>(text, values)).rows;
    } catch (error) {
      throw ledgerFailure(error);
    }
  }
}
