import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { EntitlementsDefinition, ServerDefinition, ServiceDefinition } from '#shared/contracts/registry.js';
import { PutEntitlements, PutServer } from '#shared/contracts/requests/registry.request.js';
import { PutService } from '#shared/contracts/requests/service.request.js';
import { RehomeError } from '#shared/errors/rehome-error.js';
import type { Principal } from '../auth/principal.js';
import { Caller, NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { bodyOf } from '../http/parsed.pipe.js';
import { entitlementsDefinition, serverDefinition, serviceDefinition } from './definitions.js';
import { entryName, sameName } from './entry-name.js';
import type { Entry, EntryNoun, RegistryTypes } from './registry-entries.js';
import { EntitlementsView, ServerView, ServiceView } from './registry-views.js';
import { Registry } from './registry.js';
import { RegistryWriter, type Definition } from './registry-writer.js';

/** Servers, services and entitlements: what plans are made of. Changes are events and act on later requests. */
@ApiTags('registry')
@Controller('v1')
export class RegistryController {
  constructor(
    private readonly registry: Registry,
    private readonly writer: RegistryWriter,
  ) {}

  @Put('servers/:name')
  @NeedsRole('operator', 'Register a server or change it')
  @ApiBody({ type: PutServer })
  @ApiOkResponse({ type: ServerView, description: 'What stands now' })
  @problemResponse(400, 'The body does not have its shape')
  async putServer(
    @Param('name') name: string,
    @Body(bodyOf(PutServer)) body: PutServer,
    @Caller() caller: Principal,
  ): Promise<ServerDefinition> {
    const data = serverDefinition(entryName(name), sameName(body, 'name', name));
    return this.put('server', data.name, { type: 'ServerRegistered', data }, caller);
  }

  @Get('servers/:name')
  @NeedsRole('viewer', 'One server')
  @ApiOkResponse({ type: ServerView })
  @problemResponse(404, 'No such server')
  getServer(@Param('name') name: string): Promise<ServerDefinition> {
    return this.get('server', name);
  }

  @Put('services/:name')
  @NeedsRole('operator', 'Register a service or change it')
  @ApiBody({ type: PutService })
  @ApiOkResponse({ type: ServiceView, description: 'What stands now' })
  @problemResponse(400, 'The body does not have its shape')
  async putService(
    @Param('name') name: string,
    @Body(bodyOf(PutService)) body: PutService,
    @Caller() caller: Principal,
  ): Promise<ServiceDefinition> {
    const data = serviceDefinition(entryName(name), sameName(body, 'name', name));
    return this.put('service', data.name, { type: 'ServiceRegistered', data }, caller);
  }

  @Get('services/:name')
  @NeedsRole('viewer', 'One service')
  @ApiOkResponse({ type: ServiceView })
  @problemResponse(404, 'No such service')
  getService(@Param('name') name: string): Promise<ServiceDefinition> {
    return this.get('service', name);
  }

  @Put('entitlements/:plan')
  @NeedsRole('operator', 'Set what a subscription plan entitles to')
  @ApiBody({ type: PutEntitlements })
  @ApiOkResponse({ type: EntitlementsView, description: 'What stands now' })
  @problemResponse(400, 'The body does not have its shape')
  async putEntitlements(
    @Param('plan') plan: string,
    @Body(bodyOf(PutEntitlements)) body: PutEntitlements,
    @Caller() caller: Principal,
  ): Promise<EntitlementsDefinition> {
    const data = entitlementsDefinition(entryName(plan), sameName(body, 'plan', plan));
    return this.put('entitlements', data.plan, { type: 'EntitlementsSet', data }, caller);
  }

  @Get('entitlements/:plan')
  @NeedsRole('viewer', 'What a subscription plan entitles to')
  @ApiOkResponse({ type: EntitlementsView })
  @problemResponse(404, 'No such plan')
  getEntitlements(@Param('plan') plan: string): Promise<EntitlementsDefinition> {
    return this.get('entitlements', plan);
  }

  private async get<N extends EntryNoun>(noun: N, name: string): Promise<RegistryTypes[N]> {
    const entry = await this.find(noun, name);
    if (entry === undefined) throw new RehomeError('NOT_FOUND', `the registry holds no ${noun} "${name}"`);
    return entry.definition;
  }

  private async put<N extends EntryNoun>(
    noun: N,
    name: string,
    definition: Definition & { readonly data: RegistryTypes[N] },
    caller: Principal,
  ): Promise<RegistryTypes[N]> {
    const before = await this.find(noun, name);
    await this.writer.write({ definition, before, actor: caller.actor });
    return definition.data;
  }

  private async find<N extends EntryNoun>(noun: N, name: string): Promise<Entry<RegistryTypes[N]> | undefined> {
    const entries = await this.registry.current();
    return entries[noun].get(name);
  }
}
