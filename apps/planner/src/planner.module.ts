import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import { LedgerWake } from '#shared/ledger/ledger-wake.js';
import { Metrics } from '#shared/observability/metrics.js';
import { AuditController } from './audit/audit.controller.js';
import { ApiKeys } from './auth/api-keys.js';
import { RoleGuard } from './auth/role.guard.js';
import { BackupList } from './backups/backup-list.js';
import { BackupsController } from './backups/backups.controller.js';
import { HealthController } from './health/health.controller.js';
import { PlannerHealth } from './health/planner-health.js';
import { ProblemFilter } from './http/problem.filter.js';
import { MigrationIntake } from './intake/migration-intake.js';
import { RequestsController } from './intake/requests.controller.js';
import { ActionsController } from './intake/actions.controller.js';
import { FirstAnswers } from './intake/first-answers.js';
import { MigrationActions } from './intake/migration-actions.js';
import { MigrationEventsController } from './intake/migration-events.controller.js';
import { MigrationList } from './projections/migration-list.js';
import { Migrations } from './intake/migrations.js';
import { MigrationsController } from './intake/migrations.controller.js';
import { PlansController } from './intake/plans.controller.js';
import { ProjectHealthController } from './projects/project-health.controller.js';
import { ProjectStore } from './projects/project-store.js';
import { ProjectsController } from './projects/projects.controller.js';
import type { PlannerLifecycle } from './planner-lifecycle.js';
import { AccessController } from './registry/access.controller.js';
import { InstancesController } from './registry/instances.controller.js';
import { RegistryCalls } from './registry/registry-calls.js';
import { RegistryController } from './registry/registry.controller.js';
import { Registry } from './registry/registry.js';
import { RegistryWriter } from './registry/registry-writer.js';
import { ReportController } from './report/report.controller.js';
import { CONFIG, READS, SHUTDOWN } from './tokens.js';

/** Hands the planner's parts to its controllers; everything with a lifetime is made outside of Nest. */
@Module({})
export class PlannerModule {
  static around(lifecycle: PlannerLifecycle): DynamicModule {
    return {
      module: PlannerModule,
      controllers: [
        MigrationsController,
        MigrationEventsController,
        ReportController,
        ActionsController,
        PlansController,
        InstancesController,
        RegistryController,
        AccessController,
        BackupsController,
        ProjectsController,
        ProjectHealthController,
        AuditController,
        HealthController,
        RequestsController,
      ],
      providers: providersOf(lifecycle),
    };
  }
}

function providersOf(lifecycle: PlannerLifecycle): Provider[] {
  const { registry, registryWriter, list, backups, projects, lookups, apiKeys, health, shutdown } = lifecycle;
  const { reader, writer, wake, metrics, pools, config, logger } = lifecycle.parts;
  const migrations = new Migrations(reader, wake, pools.reads);
  const answers = new FirstAnswers(pools.reads);
  return [
    { provide: APP_GUARD, useClass: RoleGuard },
    { provide: APP_FILTER, useValue: new ProblemFilter(logger) },
    { provide: CONFIG, useValue: config },
    { provide: SHUTDOWN, useValue: shutdown },
    { provide: READS, useValue: pools.reads },
    { provide: Metrics, useValue: metrics },
    { provide: LedgerReader, useValue: reader },
    { provide: LedgerWake, useValue: wake },
    { provide: ApiKeys, useValue: apiKeys },
    { provide: PlannerHealth, useValue: health },
    { provide: Registry, useValue: registry },
    { provide: RegistryWriter, useValue: registryWriter },
    { provide: RegistryCalls, useValue: new RegistryCalls(registry, registryWriter) },
    { provide: Migrations, useValue: migrations },
    { provide: MigrationList, useValue: list },
    { provide: BackupList, useValue: backups },
    { provide: ProjectStore, useValue: projects },
    { provide: MigrationActions, useValue: new MigrationActions(migrations, writer, answers) },
    { provide: MigrationIntake, useValue: new MigrationIntake({ writer, reader, answers, lookups, metrics }) },
  ];
}
