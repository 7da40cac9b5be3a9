import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Metrics } from '#shared/observability/metrics.js';
import { Open } from '../auth/role.decorator.js';
import { PlannerHealth } from './planner-health.js';

class LiveView {
  @ApiProperty({ enum: ['live'] })
  readonly status!: 'live';
}

class CheckView {
  @ApiProperty({ enum: ['up', 'down', 'off', 'starting'] })
  readonly status!: string;

  @ApiProperty({ required: false })
  readonly detail?: string;
}

class ReadyView {
  @ApiProperty({ enum: ['ready', 'degraded', 'unready'] })
  readonly status!: string;

  @ApiProperty({ type: 'object', additionalProperties: { $ref: '#/components/schemas/CheckView' } })
  readonly checks!: Readonly<Record<string, CheckView>>;
}

/** For orchestrators and Prometheus; open to everybody, tells nothing secret. */
@ApiTags('health')
@Controller()
export class HealthController {
  constructor(
    private readonly health: PlannerHealth,
    private readonly metrics: Metrics,
  ) {}

  @Get('health/live')
  @Open()
  @ApiOperation({ summary: 'The process runs' })
  @ApiOkResponse({ type: LiveView })
  live(): LiveView {
    return { status: 'live' };
  }

  @Get('health/ready')
  @Open()
  @ApiOperation({
    summary: 'The planner takes requests',
    description: 'Without Kafka it is degraded but ready: the ledger keeps the work.',
  })
  @ApiOkResponse({ type: ReadyView })
  @ApiResponse({
    status: 503,
    description: 'The ledger does not answer, or the planner starts or stops',
    type: ReadyView,
  })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyView> {
    const readiness = await this.health.check();
    if (readiness.status === 'unready') reply.status(503).header('retry-after', '2');
    return readiness;
  }

  @Get('metrics')
  @Open()
  @ApiOperation({ summary: 'Metrics for Prometheus' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'Prometheus text format', type: String })
  async metricsText(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    await this.health.measureNow();
    reply.type(this.metrics.registry.contentType);
    return this.metrics.text();
  }
}

/** So that the document knows what `additionalProperties` refers to. */
export const HEALTH_MODELS = [CheckView];
