/** The only importer of OpenTelemetry; loaded when `OTEL_*` names somewhere to send spans. */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Tracer,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Facts } from "../../core/evidence.ts";
import { spanName, traceAttributes } from "./trace-attributes.ts";
import { VERSION } from "../version.ts";

export interface Tracing {
  readonly closed: (facts: Facts) => void;
  /** Sends what waits; a collector that does not answer is given up on. */
  stop(): Promise<void>;
}

const FLUSH_WAIT_MS = 3000;

/**
 * Where to send to and how is read from `OTEL_EXPORTER_*` by the exporter itself, who we are from
 * `OTEL_RESOURCE_ATTRIBUTES` (in a cluster the pod, the node, the namespace) and
 * `OTEL_SERVICE_NAME`.
 */
export function createTracing(): Tracing {
  const ours = resourceFromAttributes({ "service.name": "sallyport", "service.version": VERSION });
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  const provider = new TracerProvider({
    resource: ours.merge(detectResources({ detectors })),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter(),
        exportTimeoutMillis: FLUSH_WAIT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer("sallyport", VERSION);
  return {
    closed: (facts) => record(facts, tracer),
    stop: () => provider.shutdown(),
  };
}

/** One span an exchange, made when it is over: nothing is kept while it runs. */
function record(facts: Facts, tracer: Tracer): void {
  const startTime = facts.at;
  const options = { kind: SpanKind.SERVER, startTime, attributes: traceAttributes(facts) };
  const span = tracer.startSpan(spanName(facts), options, parentOf(facts.trace));
  if (facts.outcome?.kind !== "completed") span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(startTime + (facts.duration ?? 0));
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

function parentOf(traceparent: string | undefined): Context {
  const parts = TRACEPARENT.exec(traceparent ?? "");
  const [, traceId, spanId, flags] = parts ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const sampled = (Number.parseInt(flags, 16) & TraceFlags.SAMPLED) !== 0;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
