import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  HEALTH_STATES,
  type DatabaseHealth,
  type DatabaseStatus,
  type Drift,
  type HealthState,
  type ProjectHealth,
  type ProjectStatus,
} from '#shared/contracts/projects.js';

/** Live structure or bookkeeping that is not what the migrations made. */
export class DriftView implements Drift {
  @ApiProperty({ enum: ['file-changed', 'file-missing', 'structure'] })
  readonly kind!: Drift['kind'];

  @ApiProperty({ description: '`app/version`, or the object', example: 'table public.orders' })
  readonly what!: string;

  @ApiProperty()
  readonly detail!: string;
}

/** How far a database is. */
export class DatabaseStatusView implements DatabaseStatus {
  @ApiProperty({ example: 'results' })
  readonly alias!: string;

  @ApiProperty({ example: 'main' })
  readonly server!: string;

  @ApiProperty({ example: 'epsm_results' })
  readonly database!: string;

  @ApiProperty({ enum: HEALTH_STATES, description: '`unknown`: nobody has looked since the project was pushed' })
  readonly state!: HealthState;

  @ApiProperty({ description: 'What is wrong, or `ok`' })
  readonly detail!: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'Applied last', example: 'simulation/0004_results' })
  readonly currentVersion!: string | null;

  @ApiProperty({ description: 'Migrations that were applied or faked' })
  readonly applied!: number;

  @ApiProperty({ type: 'string', isArray: true, description: 'In order, at most 20' })
  readonly pending!: readonly string[];

  @ApiProperty()
  readonly pendingCount!: number;

  @ApiProperty({ type: 'string', isArray: true, description: 'Failed or interrupted' })
  readonly failed!: readonly string[];
}

/** A database as the last look at it saw it. */
export class DatabaseHealthView implements DatabaseHealth {
  @ApiProperty({ example: 'results' })
  readonly alias!: string;

  @ApiProperty({ example: 'main' })
  readonly server!: string;

  @ApiProperty({ example: 'epsm_results' })
  readonly database!: string;

  @ApiProperty({ enum: HEALTH_STATES, description: '`unknown`: nobody has looked since the project was pushed' })
  readonly state!: HealthState;

  @ApiProperty({ description: 'What is wrong, or `ok`' })
  readonly detail!: string;

  @ApiPropertyOptional({ description: 'Applied last', example: 'simulation/0004_results' })
  readonly currentVersion?: string;

  @ApiProperty({ description: 'Migrations that were applied or faked' })
  readonly applied!: number;

  @ApiProperty({ type: 'string', isArray: true, description: 'In order, at most 20' })
  readonly pending!: readonly string[];

  @ApiProperty()
  readonly pendingCount!: number;

  @ApiProperty({ type: 'string', isArray: true, description: 'Failed or interrupted' })
  readonly failed!: readonly string[];

  @ApiProperty({ type: DriftView, isArray: true })
  readonly drift!: readonly DriftView[];

  @ApiProperty({ description: 'How many stand there' })
  readonly tables!: number;

  @ApiPropertyOptional({ type: 'string', isArray: true, description: 'Their names, at most 200' })
  readonly tableNames?: readonly string[];

  @ApiPropertyOptional({ description: 'Role that owns what the migrations make', example: 'epsm_results_user' })
  readonly owner?: string;

  @ApiProperty({ type: 'string', isArray: true })
  readonly missingTables!: readonly string[];

  @ApiProperty({ type: 'string', isArray: true })
  readonly missingCriticalTables!: readonly string[];

  @ApiProperty({ description: 'Of the look' })
  readonly durationMs!: number;
}

export class ProjectHealthView implements ProjectHealth {
  @ApiProperty({ example: 'epsm' })
  readonly project!: string;

  @ApiProperty({ description: 'SHA-256 over names and contents of its files' })
  readonly digest!: string;

  @ApiProperty({ description: 'Whether every database is' })
  readonly healthy!: boolean;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'The oldest of the looks; null while a database was never looked at',
  })
  readonly checkedAt!: string | null;

  @ApiProperty({ type: DatabaseHealthView, isArray: true, description: 'In the order of the project' })
  readonly databases!: readonly DatabaseHealthView[];
}

export class ProjectStatusView implements ProjectStatus {
  @ApiProperty({ example: 'epsm' })
  readonly project!: string;

  @ApiProperty({ description: 'SHA-256 over names and contents of its files' })
  readonly digest!: string;

  @ApiProperty({
    description:
      'Whether something is pending anywhere, or may be: what cannot be read or is not known may lack all of it',
  })
  readonly migrationNeeded!: boolean;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'The oldest of the looks; null while a database was never looked at',
  })
  readonly checkedAt!: string | null;

  @ApiProperty({ type: DatabaseStatusView, isArray: true, description: 'In the order of the project' })
  readonly databases!: readonly DatabaseStatusView[];
}
