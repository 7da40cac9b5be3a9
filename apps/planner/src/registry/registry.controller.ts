import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { EntitlementsDefinition, ServerDefinition, ServiceDefinition } from '#shared/contracts/registry.js';
import { PutEntitlements, PutServer } from '#shared/contracts/requests/registry.request.js';
import { PutService } from '#shared/contracts/requests/service.request.js';
import type { Principal } from '../auth/principal.js';
import { Caller, NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { bodyOf, queryOf } from '../http/parsed.pipe.js';
import { entitlementsDefinition, serverDefinition, serviceDefinition } from './definitions.js';
import { entryName, sameName } from './entry-name.js';
import { RegistryCalls } from './registry-calls.js';
import { PageQuery, type Page } from './registry-page.js';
import {
  EntitlementsPage,
  EntitlementsView,
  ServerPage,
  ServerView,
  ServicePage,
  ServiceView,
} from './registry-views.js';

/** Servers, services and entitlements: what plans are made of. Changes are events and act on later requests. */
@ApiTags('registry')
@Controller('v1')
export class RegistryController {
  constructor(private readonly calls: RegistryCalls) {}

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
    return this.calls.put('server', data.name, { type: 'ServerRegistered', data }, caller);
  }

  @Get('servers/:name')
  @NeedsRole('viewer', 'One server')
  @ApiOkResponse({ type: ServerView })
  @problemResponse(404, 'No such server')
  getServer(@Param('name') name: string): Promise<ServerDefinition> {
    return this.calls.get('server', name);
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
    return this.calls.put('service', data.name, { type: 'ServiceRegistered', data }, caller);
  }

  @Get('services/:name')
  @NeedsRole('viewer', 'One service')
  @ApiOkResponse({ type: ServiceView })
  @problemResponse(404, 'No such service')
  getService(@Param('name') name: string): Promise<ServiceDefinition> {
    return this.calls.get('service', name);
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
    return this.calls.put('entitlements', data.plan, { type: 'EntitlementsSet', data }, caller);
  }

  @Get('entitlements/:plan')
  @NeedsRole('viewer', 'What a subscription plan entitles to')
  @ApiOkResponse({ type: EntitlementsView })
  @problemResponse(404, 'No such plan')
  getEntitlements(@Param('plan') plan: string): Promise<EntitlementsDefinition> {
    return this.calls.get('entitlements', plan);
  }

  @Get('servers')
  @NeedsRole('viewer', 'Servers, by name')
  @ApiOkResponse({ type: ServerPage })
  @problemResponse(400, 'A parameter does not have its shape')
  servers(@Query(queryOf(PageQuery)) query: PageQuery): Promise<Page<ServerDefinition>> {
    return this.calls.page('server', query);
  }

  @Get('services')
  @NeedsRole('viewer', 'Services, by name')
  @ApiOkResponse({ type: ServicePage })
  @problemResponse(400, 'A parameter does not have its shape')
  services(@Query(queryOf(PageQuery)) query: PageQuery): Promise<Page<ServiceDefinition>> {
    return this.calls.page('service', query);
  }

  @Get('entitlements')
  @NeedsRole('viewer', 'What each subscription plan entitles to, by plan')
  @ApiOkResponse({ type: EntitlementsPage })
  @problemResponse(400, 'A parameter does not have its shape')
  entitlements(@Query(queryOf(PageQuery)) query: PageQuery): Promise<Page<EntitlementsDefinition>> {
    return this.calls.page('entitlements', query);
  }
}
