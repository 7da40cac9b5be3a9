import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Pool } from 'pg';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { NeedsRole, problemResponse } from '../auth/role.decorator.js';
import type { PlannerConfig } from '../planner.config.js';
import { CONFIG, READS } from '../tokens.js';
import { healthOf, readLooks, statusOf } from './project-health.js';
import { ProjectHealthView, ProjectStatusView } from './project-health.views.js';
import { ProjectStore } from './project-store.js';

/** How the databases of a project are, by the last look of an executor. A new look is asked for as a migration. */
@ApiTags('projects')
@Controller('v1/projects')
export class ProjectHealthController {
  constructor(
    private readonly store: ProjectStore,
    @Inject(READS) private readonly reads: Pool,
    @Inject(CONFIG) private readonly config: Pick<PlannerConfig, 'healthStaleMs'>,
  ) {}

  @Get(':name/health')
  @NeedsRole('viewer', 'How its databases are, by the last look')
  @ApiOkResponse({ type: ProjectHealthView })
  @problemResponse(404, 'No such project')
  async health(@Param('name') name: string): Promise<ProjectHealthView> {
    const project = await this.store.find(name);
    if (project === undefined)
      throw new RehomeError('NOT_FOUND', `there is no project "${name.slice(0, 100)}"; GET /v1/projects lists them`);
    const looks = await readLooks(this.reads, project.name);
    return healthOf(project, looks, { now: new Date(), staleMs: this.config.healthStaleMs });
  }

  @Get(':name/status')
  @NeedsRole('viewer', 'How far its databases are, by the last look')
  @ApiOkResponse({ type: ProjectStatusView })
  @problemResponse(404, 'No such project')
  async status(@Param('name') name: string): Promise<ProjectStatusView> {
    return statusOf(await this.health(name));
  }
}
