import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Attributes,
  type Context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { toRehomeError } from '../errors/rehome-error.js';
import { formatTraceparent, spanContextOf } from './trace-context.js';

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
} as const;

export interface SpanOptions {
  /** `internal` when absent. */
  readonly kind?: keyof typeof KINDS;
  /** `traceparent` of the span that led to this one; the active span when absent. */
  readonly parent?: string | undefined;
  /** `traceparent`s of spans of which it is no child. */
  readonly links?: readonly (string | undefined)[];
  /** Ids, names, counts; never a value that a customer wrote. */
  readonly attributes?: Attributes;
}

/**
 * A piece of work in a trace. While tracing is off it records nothing, and its `traceparent` is its parent's: the
 * origin of a request is passed on either way.
 */
export class TracedWork {
  constructor(
    private readonly span: Span,
    private readonly around: Context,
  ) {}

  /** Undefined when it belongs to no trace. */
  get traceparent(): string | undefined {
    return traceparentOfSpan(this.span);
  }

  set(attributes: Attributes): void {
    this.span.setAttributes(attributes);
  }

  /** Lets the span be the active one for everything that the work starts and awaits. */
  run<T>(work: () => T): T {
    return context.with(trace.setSpan(this.around, this.span), work);
  }

  /** With a code, it failed. Messages stay out: nobody has looked at what they may quote. */
  end(failedWith?: string): void {
    if (failedWith !== undefined) {
      this.span.setAttribute('error.type', failedWith);
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: failedWith });
    }
    this.span.end();
  }
}

export function startWork(name: string, options: SpanOptions = {}): TracedWork {
  const { kind = 'internal', attributes = {}, links = [] } = options;
  const parent = spanContextOf(options.parent);
  const around = parent === undefined ? context.active() : trace.setSpanContext(ROOT_CONTEXT, parent);
  const span = trace
    .getTracer('rehome')
    .startSpan(name, { kind: KINDS[kind], attributes, links: links.flatMap(linkTo) }, around);
  return new TracedWork(span, around);
}

/** Does the work inside a span of its own. @throws what the work throws. */
export async function traced<T>(
  name: string,
  options: SpanOptions,
  work: (span: TracedWork) => Promise<T>,
): Promise<T> {
  const span = startWork(name, options);
  try {
    const done = await span.run(() => work(span));
    span.end();
    return done;
  } catch (error) {
    span.end(toRehomeError(error).code);
    throw error;
  }
}

/** Of the span that is active here, the caller's while tracing is off; undefined outside of any. */
export function activeTraceparent(): string | undefined {
  const span = trace.getActiveSpan();
  return span === undefined ? undefined : traceparentOfSpan(span);
}

function linkTo(traceparent: string | undefined): Link[] {
  const linked = spanContextOf(traceparent);
  return linked === undefined ? [] : [{ context: linked }];
}

function traceparentOfSpan(span: Span): string | undefined {
  const spanContext = span.spanContext();
  return isSpanContextValid(spanContext) ? formatTraceparent(spanContext) : undefined;
}
