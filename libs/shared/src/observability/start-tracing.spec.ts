import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { createLogger, silentLogger } from './logger.js';
import { startTracing, tracesExporterOf } from './start-tracing.js';
import { activeTraceparent, startWork, traced } from './tracing.js';

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('tracing', () => {
  it.each([
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, 'otlp'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, 'otlp'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'otlp'],
    [{ OTEL_TRACES_EXPORTER: 'console' }, 'console'],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, undefined],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, undefined],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' }, undefined],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'false' }, 'otlp'],
  ])('is switched by the standard variables: %j → %s', (environment, exporter) => {
    expect(tracesExporterOf(environment)).toBe(exporter);
  });

  it('that is off passes the origin on and records nothing', async () => {
    const stop = await startTracing({}, 'rehome-test', silentLogger());
    const work = startWork('work', { parent: PARENT });
    expect(work.traceparent).toBe(PARENT);
    expect(work.run(activeTraceparent)).toBe(PARENT);
    expect(activeTraceparent()).toBeUndefined();
    expect(startWork('work').traceparent).toBeUndefined();
    await expect(traced('work', {}, () => Promise.reject(new Error('as it was')))).rejects.toThrow('as it was');
    await stop();
  });

  it('that is off leaves the caller’s trace in every log line of the work, behind an await, too', async () => {
    const stop = await startTracing({}, 'rehome-test', silentLogger());
    let text = '';
    const logger = createLogger({ name: 'test', level: 'info', destination: { write: (line) => (text += line) } });
    await traced('work', { parent: PARENT }, async () => {
      await setImmediate();
      logger.info('inside');
    });
    logger.info('outside');
    await stop();
    const [inside, outside] = text.trim().split('\n');
    const [, traceId, spanId] = PARENT.split('-');
    expect(JSON.parse(inside ?? '')).toMatchObject({ msg: 'inside', trace_id: traceId, span_id: spanId });
    expect(JSON.parse(outside ?? '')).not.toHaveProperty('trace_id');
  });
});
