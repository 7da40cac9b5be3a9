import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  PutEntitlements,
  PutInstance,
  PutPolicy,
  PutServer,
  PutSource,
} from '#shared/contracts/requests/registry.request.js';
import { PutService } from '#shared/contracts/requests/service.request.js';
import type { RegistryEntries } from './registry-entries.js';
import type { InstanceState } from './instance-state.js';

export class ServerView extends PutServer {
  @ApiProperty({ example: 'pool-2' })
  declare readonly name: string;
}

export class ServiceView extends PutService {
  @ApiProperty({ example: 'odoo-{instanceId8}' })
  declare readonly name: string;
}

export class EntitlementsView extends PutEntitlements {
  @ApiProperty({ example: 'premium' })
  declare readonly plan: string;
}

export class SourceView extends PutSource {
  @ApiProperty({ example: '/billing' })
  declare readonly source: string;
}

export class PolicyView extends PutPolicy {
  @ApiProperty({ example: 'production' })
  declare readonly name: string;
}

export class ResourcesView {
  @ApiPropertyOptional({ description: 'Cores' })
  readonly cpu?: number;

  @ApiPropertyOptional({ example: '4Gi' })
  readonly memory?: string;

  @ApiPropertyOptional({ example: '50Gi' })
  readonly storage?: string;
}

/** A tenant and where it lives now. */
export class InstanceView extends PutInstance {
  @ApiProperty()
  declare readonly instanceId: string;

  @ApiProperty({ enum: ['shared', 'dedicated'] })
  declare readonly dbType: 'shared' | 'dedicated';

  @ApiPropertyOptional({ description: 'Registry name of the server, the same as `server`' })
  readonly dbServerId?: string;

  @ApiPropertyOptional({ description: 'Host of the server' })
  readonly host?: string;

  @ApiPropertyOptional({ description: 'Port of the server' })
  readonly port?: number;

  @ApiPropertyOptional({ description: 'Role the application logs in as, the same as `owner`' })
  readonly user?: string;

  @ApiPropertyOptional({ type: () => ResourcesView, description: 'What its last upgrade gave it' })
  readonly resources?: ResourcesView;

  @ApiPropertyOptional({ description: 'The migration that last moved it' })
  readonly movedBy?: string;
}

class PageView {
  @ApiProperty({ type: String, nullable: true, description: 'Pass as `after` for the next page; null at the end' })
  readonly next!: string | null;
}

export class ServerPage extends PageView {
  @ApiProperty({ type: () => ServerView, isArray: true })
  readonly items!: readonly ServerView[];
}

export class ServicePage extends PageView {
  @ApiProperty({ type: () => ServiceView, isArray: true })
  readonly items!: readonly ServiceView[];
}

export class EntitlementsPage extends PageView {
  @ApiProperty({ type: () => EntitlementsView, isArray: true })
  readonly items!: readonly EntitlementsView[];
}

export class SourcePage extends PageView {
  @ApiProperty({ type: () => SourceView, isArray: true })
  readonly items!: readonly SourceView[];
}

export class PolicyPage extends PageView {
  @ApiProperty({ type: () => PolicyView, isArray: true })
  readonly items!: readonly PolicyView[];
}

export class InstancePage extends PageView {
  @ApiProperty({ type: () => InstanceView, isArray: true })
  readonly items!: readonly InstanceView[];
}

/** The record with both names of things: as it is registered, and as consumers of a connection know it. */
export function instanceView(
  { definition, resources, movedBy }: InstanceState,
  entries: RegistryEntries,
): InstanceView {
  const server = entries.server.get(definition.server)?.definition;
  return {
    ...definition,
    dbServerId: definition.server,
    ...(server === undefined ? {} : { host: server.host, port: server.port }),
    user: definition.owner,
    ...(resources === undefined ? {} : { resources }),
    ...(movedBy === undefined ? {} : { movedBy }),
  };
}
