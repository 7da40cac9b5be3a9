import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RehomeError } from '#shared/errors/rehome-error.js';
import { LedgerReader } from '#shared/ledger/ledger-reader.js';
import type { Principal } from '../auth/principal.js';
import { Caller, NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { ARCHIVE_TYPE, isArchive } from '../http/archive-body.js';
import { queryOf } from '../http/parsed.pipe.js';
import { RequestRefused } from '../http/request-refused.js';
import { MigrationList } from '../projections/migration-list.js';
import { RegistryCalls } from '../registry/registry-calls.js';
import { PageQuery } from '../registry/registry-page.js';
import { readProjectHistory } from './project-history.js';
import { ProjectStore, type ProjectEntry, type RegisteredProject } from './project-store.js';
import { HistoryQuery, ProjectHistory, ProjectPage, ProjectView, projectView } from './project-views.js';
import { readPushed } from './read-pushed.js';

const DEFAULT_HISTORY = 20;
const MAX_TRIES = 5;

/** Projects of versioned migrations: their files, and what became of them. */
@ApiTags('projects')
@Controller('v1/projects')
export class ProjectsController {
  constructor(
    private readonly store: ProjectStore,
    private readonly calls: RegistryCalls,
    private readonly list: MigrationList,
    private readonly reader: LedgerReader,
  ) {}

  @Put(':name')
  @NeedsRole('operator', 'Push a project: its SQL will run with the power of its servers’ administrators')
  @ApiConsumes(ARCHIVE_TYPE)
  @ApiBody({ schema: { type: 'string', format: 'binary' }, description: 'project.yaml and migrations as tar.gz' })
  @ApiOkResponse({ type: ProjectView, description: 'What stands now; the same files again change nothing' })
  @problemResponse(400, 'The body is no archive')
  @problemResponse(413, 'The archive is larger than 25 MiB')
  @problemResponse(422, 'The project is not usable as it is; `errors` names files and lines')
  async put(@Param('name') name: string, @Body() archive: unknown, @Caller() caller: Principal): Promise<ProjectView> {
    if (!isArchive(archive))
      throw new RequestRefused('REQUEST_UNREADABLE', 'the body is no gzip: send the project as tar.gz');
    const project = await readPushed(name, archive);
    const { digest, definition, migrations } = project;
    // The bytes first: whoever reads the event finds them.
    await this.store.keep(project);
    const data = {
      name,
      digest,
      databases: definition.databases.map(({ alias }) => alias),
      migrations: migrations.length,
    };
    await this.register(data, caller);
    return projectView({ name, digest, definition, migrations });
  }

  @Get()
  @NeedsRole('viewer', 'Projects, by name')
  @ApiOkResponse({ type: ProjectPage })
  @problemResponse(400, 'A parameter does not have its shape')
  page(@Query(queryOf(PageQuery)) query: PageQuery): Promise<ProjectPage> {
    return this.calls.page('project', query);
  }

  @Get(':name')
  @NeedsRole('viewer', 'One project as it was pushed last')
  @ApiOkResponse({ type: ProjectView })
  @problemResponse(404, 'No such project')
  async get(@Param('name') name: string): Promise<ProjectView> {
    return projectView(await this.known(name));
  }

  @Get(':name/history')
  @NeedsRole('viewer', 'What became of its migrations, newest first')
  @ApiOkResponse({ type: ProjectHistory })
  @problemResponse(400, 'A parameter does not have its shape')
  @problemResponse(404, 'No such project')
  async history(
    @Param('name') name: string,
    @Query(queryOf(HistoryQuery)) { limit = DEFAULT_HISTORY, after }: HistoryQuery,
  ): Promise<ProjectHistory> {
    const { name: project } = await this.known(name);
    const asked = { project, limit, ...(after === undefined ? {} : { after }) };
    return readProjectHistory({ reader: this.reader, list: this.list }, asked);
  }

  /** Replicas of an application push the same files when they start: who comes second finds them registered. */
  private async register(data: ProjectEntry, caller: Principal): Promise<void> {
    const put = () => this.calls.put('project', data.name, { type: 'ProjectRegistered', data }, caller);
    for (let left = MAX_TRIES; ; left -= 1) {
      try {
        await put();
        return;
      } catch (error) {
        const conflict = error instanceof RehomeError && error.code === 'LEDGER_CONFLICT';
        if (!conflict || left <= 1) throw error;
      }
    }
  }

  /** @throws RehomeError NOT_FOUND */
  private async known(name: string): Promise<RegisteredProject> {
    const project = await this.store.find(name);
    if (project !== undefined) return project;
    throw new RehomeError('NOT_FOUND', `there is no project "${name.slice(0, 100)}"; GET /v1/projects lists them`);
  }
}
