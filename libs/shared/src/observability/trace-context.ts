import { createHash } from 'node:crypto';
import { TraceFlags, type SpanContext } from '@opentelemetry/api';

// W3C Trace Context, version 00; later versions may add fields behind these and are read alike.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** `traceparent` when it is W3C trace context; anything else is as if it were not sent, as the W3C asks. */
export function traceparentOf(value: unknown): string | undefined {
  return typeof value === 'string' && TRACEPARENT.test(value) ? value : undefined;
}

/** The span that a `traceparent` names, of whichever process. */
export function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
}

export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/**
 * The origin of what nobody traces: readers of Kafka can follow it all the same. As random as the id, and the same when the
 * same is told again; sampled, so that an executor that is traced does not drop its spans.
 */
export function traceparentOfId(id: string): string {
  const digest = createHash('sha256').update(id).digest('hex');
  return `00-${digest.slice(0, 32)}-${digest.slice(32, 48)}-01`;
}

/** Fields of a log line or an event's metadata: `{}` when there is no trace. */
export function traceparentField(traceparent: string | undefined): { readonly traceparent?: string } {
  return traceparent === undefined ? {} : { traceparent };
}

/** `trace_id` and `span_id` of a log line, by the names that OpenTelemetry gives them in JSON logs. */
export function traceLogFields(traceparent: string | undefined): Readonly<Record<string, string>> {
  const span = spanContextOf(traceparent);
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}
