import { Module, type DynamicModule } from '@nestjs/common';
import { Metrics } from '#shared/observability/metrics.js';
import type { Executor } from './executor.js';
import { ExecutorHealth } from './health/executor-health.js';
import { HealthController } from './health/health.controller.js';
import { CommandController } from './intake/command.controller.js';
import { CommandIntake } from './intake/command-intake.js';

@Module({})
export class ExecutorModule {
  /** Around an executor that is started and stopped by whoever made it. */
  static around(executor: Executor, health: ExecutorHealth): DynamicModule {
    return {
      module: ExecutorModule,
      controllers: [CommandController, HealthController],
      providers: [
        { provide: CommandIntake, useValue: executor.intake },
        { provide: Metrics, useValue: executor.metrics },
        { provide: ExecutorHealth, useValue: health },
      ],
    };
  }
}
