import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MIGRATION_STATUSES, type MigrationStatus, type ProjectDefinition } from '#shared/contracts/projects.js';
import type {
  ProjectAnswer,
  ProjectFindingAnswer,
  ProjectHistoryEntry,
  ProjectMigrationAnswer,
  ProjectSummaryAnswer,
} from '#shared/contracts/project-answers.js';
import { lintProject } from '#shared/projects/lint-project.js';
import type { MigrationFile } from '#shared/projects/migration-file.js';
import { AfterField, LimitField } from '../http/page-fields.js';
import type { RegisteredProject } from './project-store.js';

/** A project in a list. */
export class ProjectSummary implements ProjectSummaryAnswer {
  @ApiProperty({ example: 'epsm' })
  readonly name!: string;

  @ApiProperty({ description: 'SHA-256 over names and contents of its files: what plans pin' })
  readonly digest!: string;

  @ApiPropertyOptional({ type: 'string', isArray: true, description: 'Aliases, in the order they are migrated' })
  readonly databases?: readonly string[];

  @ApiPropertyOptional({ description: 'How many migrations it holds' })
  readonly migrations?: number;
}

export class ProjectPage {
  @ApiProperty({ type: ProjectSummary, isArray: true })
  readonly items!: readonly ProjectSummary[];

  @ApiProperty({ type: 'string', nullable: true, description: '`after` of the next page; null on the last one' })
  readonly next!: string | null;
}

/** A migration of a project as it was pushed, wherever it is applied. */
export class ProjectMigration implements ProjectMigrationAnswer {
  @ApiProperty({ description: '`app/version`', example: 'simulation/0004' })
  readonly id!: string;

  @ApiProperty({ example: 'simulation' })
  readonly app!: string;

  @ApiProperty({ example: '0004' })
  readonly version!: string;

  @ApiProperty({ example: 'results' })
  readonly name!: string;

  @ApiProperty({ description: 'Alias of the database that holds what it touches', example: 'results' })
  readonly home!: string;

  @ApiProperty({ type: 'string', isArray: true, description: 'What must be applied before, wherever that is' })
  readonly requires!: readonly string[];

  @ApiProperty({ type: 'string', isArray: true, description: 'Tables that it makes' })
  readonly creates!: readonly string[];

  @ApiProperty({ type: 'string', isArray: true, description: 'Tables that it makes, changes, fills or refers to' })
  readonly touches!: readonly string[];

  @ApiPropertyOptional({ enum: ['expand', 'contract'] })
  readonly phase?: 'expand' | 'contract';

  @ApiProperty({ description: '`false`: its statements are committed one by one' })
  readonly transactional!: boolean;

  @ApiProperty({ description: 'Whether it has a down script' })
  readonly reversible!: boolean;

  @ApiProperty({ description: 'SHA-256 of its up script' })
  readonly checksum!: string;
}

/** What the linter has against a statement. */
export class ProjectFinding implements ProjectFindingAnswer {
  @ApiProperty()
  readonly rule!: string;

  @ApiProperty()
  readonly path!: string;

  @ApiProperty()
  readonly line!: number;

  @ApiProperty({ description: 'What happens when it is run on a table in use' })
  readonly reason!: string;

  @ApiProperty({ description: 'How to do it instead' })
  readonly safeWay!: string;

  @ApiPropertyOptional({ enum: [true], description: 'It never refuses a push' })
  readonly advice?: true;
}

export class ProjectView implements ProjectAnswer {
  @ApiProperty({ example: 'epsm' })
  readonly name!: string;

  @ApiProperty({ description: 'SHA-256 over names and contents of its files: what plans pin' })
  readonly digest!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'project.yaml, with what it leaves unsaid' })
  readonly definition!: ProjectDefinition;

  @ApiProperty({ type: ProjectMigration, isArray: true, description: 'In the order in which they are applied' })
  readonly migrations!: readonly ProjectMigration[];

  @ApiProperty({ type: ProjectFinding, isArray: true, description: 'Of the linter' })
  readonly findings!: readonly ProjectFinding[];
}

export class HistoryQuery {
  @LimitField({ description: 'Entries; 20 when silent' })
  readonly limit?: number;

  @AfterField()
  readonly after?: string;
}

export class HistoryEntry implements ProjectHistoryEntry {
  @ApiProperty({ example: 'simulation' })
  readonly app!: string;

  @ApiProperty({ example: '0004' })
  readonly version!: string;

  @ApiProperty({ example: 'results' })
  readonly name!: string;

  @ApiProperty({ description: 'Alias', example: 'results' })
  readonly database!: string;

  @ApiProperty({ enum: MIGRATION_STATUSES })
  readonly status!: MigrationStatus;

  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'Over all schemas, ms; null where it did not get through',
  })
  readonly executionTimeMs!: number | null;

  @ApiProperty({ example: 'key:deploy' })
  readonly appliedBy!: string;

  @ApiProperty({ format: 'date-time' })
  readonly appliedAt!: string;

  @ApiProperty({ format: 'uuid', description: 'The migration that did it' })
  readonly migrationId!: string;

  @ApiPropertyOptional({ description: 'Why it failed' })
  readonly detail?: string;
}

export class ProjectHistory {
  @ApiProperty({ type: HistoryEntry, isArray: true, description: 'Newest first' })
  readonly items!: readonly HistoryEntry[];

  @ApiProperty({ type: String, nullable: true, description: '`after` of the next page; null at the end' })
  readonly next!: string | null;
}

export function projectView({ name, digest, definition, migrations }: RegisteredProject): ProjectView {
  return {
    name,
    digest,
    definition,
    migrations: migrations.map(migrationView),
    findings: lintProject({ migrations }),
  };
}

function migrationView(file: MigrationFile): ProjectMigration {
  const { id, app, version, name, home, requires, creates, touches, phase, transactional, checksum, down } = file;
  return {
    ...{ id, app, version, name, home, requires, creates, touches, transactional, checksum },
    ...(phase === undefined ? {} : { phase }),
    reversible: down !== undefined,
  };
}
