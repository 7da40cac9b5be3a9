import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { PolicyDefinition, SourceDefinition } from '#shared/contracts/registry.js';
import { PutPolicy, PutSource } from '#shared/contracts/requests/registry.request.js';
import type { Principal } from '../auth/principal.js';
import { Caller, NeedsRole, problemResponse } from '../auth/role.decorator.js';
import { bodyOf, queryOf } from '../http/parsed.pipe.js';
import { policyDefinition, sourceDefinition } from './definitions.js';
import { entryName, sameName } from './entry-name.js';
import { refuseUnregistered, type NamedEntry } from './refuse-unregistered.js';
import { RegistryCalls } from './registry-calls.js';
import { PageQuery, type Page } from './registry-page.js';
import { PolicyPage, PolicyView, SourcePage, SourceView } from './registry-views.js';
import { Registry } from './registry.js';

/** Who may ask for what over Kafka, and which plans wait for a second person. */
@ApiTags('registry')
@Controller('v1')
export class AccessController {
  constructor(
    private readonly calls: RegistryCalls,
    private readonly registry: Registry,
  ) {}

  @Put('sources/:name')
  @NeedsRole('operator', 'Say what a publisher may ask for')
  @ApiBody({ type: PutSource })
  @ApiOkResponse({ type: SourceView, description: 'What stands now' })
  @problemResponse(400, 'The body does not have its shape')
  async putSource(
    @Param('name') name: string,
    @Body(bodyOf(PutSource)) body: PutSource,
    @Caller() caller: Principal,
  ): Promise<SourceDefinition> {
    const data = sourceDefinition(entryName(name), sameName(body, 'source', name));
    return this.calls.put('source', data.source, { type: 'SourceRegistered', data }, caller);
  }

  @Get('sources/:name')
  @NeedsRole('viewer', 'What a publisher may ask for')
  @ApiOkResponse({ type: SourceView })
  @problemResponse(404, 'No such source')
  getSource(@Param('name') name: string): Promise<SourceDefinition> {
    return this.calls.get('source', name);
  }

  @Get('sources')
  @NeedsRole('viewer', 'Publishers, by name')
  @ApiOkResponse({ type: SourcePage })
  @problemResponse(400, 'A parameter does not have its shape')
  sources(@Query(queryOf(PageQuery)) query: PageQuery): Promise<Page<SourceDefinition>> {
    return this.calls.page('source', query);
  }

  @Put('policies/:name')
  @NeedsRole('operator', 'Say what certain plans must wait for')
  @ApiBody({ type: PutPolicy })
  @ApiOkResponse({ type: PolicyView, description: 'What stands now' })
  @problemResponse(400, 'The body does not have its shape')
  @problemResponse(422, 'A server or plan that it matches is not registered')
  async putPolicy(
    @Param('name') name: string,
    @Body(bodyOf(PutPolicy)) body: PutPolicy,
    @Caller() caller: Principal,
  ): Promise<PolicyDefinition> {
    const data = policyDefinition(entryName(name), sameName(body, 'name', name));
    // A misspelt name would match nothing, and so protect nothing.
    refuseUnregistered(namedBy(data.match), await this.registry.current());
    return this.calls.put('policy', data.name, { type: 'PolicySet', data }, caller);
  }

  @Get('policies/:name')
  @NeedsRole('viewer', 'One policy')
  @ApiOkResponse({ type: PolicyView })
  @problemResponse(404, 'No such policy')
  getPolicy(@Param('name') name: string): Promise<PolicyDefinition> {
    return this.calls.get('policy', name);
  }

  @Get('policies')
  @NeedsRole('viewer', 'Policies, by name')
  @ApiOkResponse({ type: PolicyPage })
  @problemResponse(400, 'A parameter does not have its shape')
  policies(@Query(queryOf(PageQuery)) query: PageQuery): Promise<Page<PolicyDefinition>> {
    return this.calls.page('policy', query);
  }
}

function namedBy({ servers = [], plans = [] }: PolicyDefinition['match']): NamedEntry[] {
  return [
    ...servers.map((name, at) => ({ noun: 'server', name, pointer: `/match/servers/${String(at)}` }) as const),
    ...plans.map((name, at) => ({ noun: 'entitlements', name, pointer: `/match/plans/${String(at)}` }) as const),
  ];
}
