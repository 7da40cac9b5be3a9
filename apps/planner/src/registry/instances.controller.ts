import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { PutInstance } from '#shared/contracts/requests/registry.request.js';
import { INSTANCE_ID, normalInstanceId } from '#shared/contracts/requests/upgrade.request.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Principal } from '../auth/principal.js';
import { Caller, NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { bodyOf, queryOf } from '../http/parsed.pipe.js';
import { invalidRequest } from '../http/request-refused.js';
import { instanceDefinition } from './definitions.js';
import { sameName } from './entry-name.js';
import { refuseUnregistered } from './refuse-unregistered.js';
import { PageQuery, pageOfNames, type Page } from './registry-page.js';
import { InstancePage, instanceView, InstanceView } from './registry-views.js';
import { Registry } from './registry.js';
import { RegistryWriter } from './registry-writer.js';

/** Tenants: where each lives and what it subscribes to. */
@ApiTags('registry')
@Controller('v1/instances')
export class InstancesController {
  constructor(
    private readonly registry: Registry,
    private readonly writer: RegistryWriter,
  ) {}

  @Put(':id')
  @NeedsRole('operator', 'Register a tenant or change its record')
  @ApiBody({ type: PutInstance })
  @ApiOkResponse({ type: InstanceView, description: 'What stands now' })
  @problemResponse(400, 'The body does not have its shape')
  @problemResponse(409, 'A migration works on this instance')
  @problemResponse(422, 'Server, service or plan is not registered')
  async put(
    @Param('id') id: string,
    @Body(bodyOf(PutInstance)) body: PutInstance,
    @Caller() caller: Principal,
  ): Promise<InstanceView> {
    const instanceId = normalInstanceId(id);
    if (!INSTANCE_ID.test(instanceId))
      throw invalidRequest([
        { pointer: '/path/id', message: 'must be 1 to 100 letters, digits, dots, dashes and underscores' },
      ]);
    const data = instanceDefinition(instanceId, sameName(body, 'instanceId', instanceId));
    const [entries, before] = await Promise.all([this.registry.current(), this.registry.instance(instanceId)]);
    refuseUnregistered(
      [
        { noun: 'server', name: data.server, pointer: '/server' },
        { noun: 'service', name: data.service, pointer: '/service' },
        { noun: 'entitlements', name: data.plan, pointer: '/plan' },
      ],
      entries,
    );
    await this.writer.write({ definition: { type: 'InstanceRegistered', data }, before, actor: caller.actor });
    return instanceView({ ...before, definition: data, version: before?.version ?? 0 }, entries);
  }

  @Get(':id')
  @NeedsRole('viewer', 'One tenant')
  @ApiOkResponse({ type: InstanceView })
  @problemResponse(404, 'No such instance')
  async get(@Param('id') id: string): Promise<InstanceView> {
    const instanceId = normalInstanceId(id);
    const state = INSTANCE_ID.test(instanceId) ? await this.registry.instance(instanceId) : undefined;
    if (state === undefined) throw new RehomeError('NOT_FOUND', `the registry holds no instance "${id.slice(0, 100)}"`);
    return instanceView(state, await this.registry.current());
  }

  @Get()
  @NeedsRole('viewer', 'Tenants, by id')
  @ApiOkResponse({ type: InstancePage })
  @problemResponse(400, 'A parameter does not have its shape')
  async page(@Query(queryOf(PageQuery)) query: PageQuery): Promise<Page<InstanceView>> {
    const { items, next } = pageOfNames(await this.registry.instanceIds(), query);
    const [entries, states] = await Promise.all([
      this.registry.current(),
      Promise.all(items.map((id) => this.registry.instance(id))),
    ]);
    return { items: states.flatMap((state) => (state === undefined ? [] : instanceView(state, entries))), next };
  }
}
