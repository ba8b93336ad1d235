import { randomUUID } from 'node:crypto';

import {
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';

/** What a span is of. Without an SDK in the process all of this does nothing. */
export type TracedStep = 'send' | 'publish' | 'receive' | 'receipt';

const KINDS: Readonly<Record<TracedStep, SpanKind>> = {
  send: SpanKind.INTERNAL,
  publish: SpanKind.PRODUCER,
  receive: SpanKind.CONSUMER,
  receipt: SpanKind.CONSUMER,
};

type Attributes = Readonly<Record<string, string | number>>;

/** The trace in which the embedding application works now. */
export function activeTraceId(): string | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  return context !== undefined && isSpanContextValid(context) ? context.traceId : undefined;
}

/**
 * Starts a span in the trace of a document; `null` when the document has none. Its parent is named by
 * the trace alone: sender and recipient do not know each other's spans.
 */
export function startSpan(step: TracedStep, traceId: string | null, attributes: Attributes): Span {
  const parent =
    traceId === null || traceId === activeTraceId()
      ? undefined
      : trace.setSpanContext(ROOT_CONTEXT, {
          traceId,
          spanId: newSpanId(),
          traceFlags: TraceFlags.SAMPLED,
          isRemote: true,
        });
  const options = { kind: KINDS[step], attributes: { ...attributes } };
  return trace.getTracer('@congvan/node-agent').startSpan(`congvan.${step}`, options, parent);
}

/** Ends a span that failed. */
export function endWithError(span: Span, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.end();
}

/** The header `traceparent` of a message: the span that publishes it, where one is recorded. */
export function traceparentOf(traceId: string, span: Span): string {
  const own = span.spanContext();
  const spanId = span.isRecording() && own.traceId === traceId ? own.spanId : newSpanId();
  return `00-${traceId}-${spanId}-01`;
}

/** 16 hex digits out of the pool of random bytes that Node keeps for this: four times as quick. */
function newSpanId(): string {
  const uuid = randomUUID();
  // The last three groups hold 62 random bits, and a digit that is never 0.
  return `${uuid.slice(19, 23)}${uuid.slice(24)}`;
}
