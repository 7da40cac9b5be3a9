import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Metrics } from '#shared/observability/metrics.js';
import { ExecutorHealth, type Readiness } from './executor-health.js';

/** For orchestrators and Prometheus; open to everybody, tells nothing secret. */
@Controller()
export class HealthController {
  constructor(
    private readonly health: ExecutorHealth,
    private readonly metrics: Metrics,
  ) {}

  @Get('health/live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  /** 503 while the ledger does not answer, or the executor starts or stops. */
  @Get('health/ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Readiness> {
    const readiness = await this.health.check();
    if (readiness.status === 'unready') reply.status(503).header('retry-after', '2');
    return readiness;
  }

  @Get('metrics')
  async metricsText(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    await this.health.measureNow();
    reply.type(this.metrics.registry.contentType);
    return this.metrics.text();
  }
}
