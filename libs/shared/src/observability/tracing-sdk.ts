import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { scrubUrls, type Logger } from './logger.js';

/** Ends tracing: what was recorded is sent, as far as the receiver takes it within a moment. */
export type StopTracing = () => Promise<void>;

export type TracesExporter = 'otlp' | 'console';

/** At the end of a process, for what a receiver that is away has not taken. */
const FLUSH_MS = 3_000;

/**
 * The only file that knows the SDK. It reads the remaining `OTEL_*` variables itself: endpoint, headers, sampler,
 * limits, batches, resource attributes; `OTEL_SERVICE_NAME` wins over the name given here.
 */
export function startTracingSdk(exporter: TracesExporter, serviceName: string, logger: Logger): StopTracing {
  diag.setLogger(diagnosticsTo(logger), DiagLogLevel.WARN);
  const named = resourceFromAttributes({ 'service.name': serviceName, 'service.namespace': 'rehome' });
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(named)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [processorOf(exporter)],
  });
  provider.register();
  return async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_MS)));
    await Promise.race([provider.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  };
}

function processorOf(exporter: TracesExporter): SpanProcessor {
  if (exporter === 'console') return new SimpleSpanProcessor(new ConsoleSpanExporter());
  return new BatchSpanProcessor(new OTLPTraceExporter());
}

function diagnosticsTo(logger: Logger): Parameters<typeof diag.setLogger>[0] {
  const line =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (text: string): void => {
      logger[level]({ detail: scrubUrls(text) }, 'opentelemetry');
    };
  return { verbose: line('debug'), debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
