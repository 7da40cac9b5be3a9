import { context } from '@opentelemetry/api';
import type { Logger } from './logger.js';
import { PassedOnContext } from './passed-on-context.js';
import type { StopTracing, TracesExporter } from './tracing-sdk.js';

/**
 * Where traces go, by OpenTelemetry's own variables: `OTEL_TRACES_EXPORTER` (`otlp`, `console`, `none`), or an
 * address in `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT`. None of them: nowhere.
 */
export function tracesExporterOf(environment: NodeJS.ProcessEnv): TracesExporter | undefined {
  if (environment['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return undefined;
  const chosen = environment['OTEL_TRACES_EXPORTER']?.trim() ?? '';
  if (chosen === 'otlp' || chosen === 'console') return chosen;
  if (chosen !== '') return undefined;
  const endpoints = [environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'], environment['OTEL_EXPORTER_OTLP_ENDPOINT']];
  return endpoints.some((endpoint) => (endpoint ?? '') !== '') ? 'otlp' : undefined;
}

/**
 * Loads the tracing SDK when the environment asks for traces. Otherwise spans are nothing but their callers', which are
 * passed on to events and log lines.
 */
export async function startTracing(
  environment: NodeJS.ProcessEnv,
  serviceName: string,
  logger: Logger,
): Promise<StopTracing> {
  const exporter = tracesExporterOf(environment);
  const chosen = environment['OTEL_TRACES_EXPORTER'] ?? '';
  if (exporter === undefined) {
    if (!['', 'none'].includes(chosen)) logger.warn({ exporter: chosen }, 'traces exporter not known: no traces');
    context.setGlobalContextManager(new PassedOnContext());
    return () => {
      context.disable();
      return Promise.resolve();
    };
  }
  const { startTracingSdk } = await import('./tracing-sdk.js');
  logger.info({ exporter }, 'tracing starts');
  return startTracingSdk(exporter, serviceName, logger);
}
