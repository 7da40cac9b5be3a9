import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `planner.migration`: the list of migrations, folded from the ledger. */
@Entity({ schema: 'planner', name: 'migration' })
export class MigrationRow {
  @PrimaryColumn('uuid', { name: 'migration_id' })
  migrationId!: string;

  @Column('text')
  kind!: string;

  @Column('text')
  status!: string;

  @Column('text')
  subject!: string;

  @Column('text')
  title!: string;

  @Column('text', { name: 'requested_by' })
  requestedBy!: string;

  @Column('boolean', { name: 'dry_run' })
  dryRun!: boolean;

  /** Last position folded in; text, because it may pass 2^53. */
  @Column('bigint')
  position!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
