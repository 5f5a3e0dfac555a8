/** The only importer of OpenTelemetry; loaded when `OTEL_*` names somewhere to send spans. */
import {
  diag,
  DiagLogLevel,
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
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
} from "@opentelemetry/sdk-trace";
import type { Facts } from "../../core/evidence.ts";
import { isJsonObject } from "../../core/json.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { impossible } from "../../lib/impossible.ts";
import { parseStrictJsonText } from "../../lib/strict-json.ts";
import { spanName, traceAttributes } from "./trace-attributes.ts";
import type { SamplerSettings, TracingSettings } from "./tracing-settings.ts";
import { VERSION } from "../version.ts";

export interface Tracing {
  readonly closed: (facts: Facts) => void;
  /** Sends what waits; a collector that does not answer is given up on. */
  stop(): Promise<void>;
}

/**
 * Where to send to and how is read from `OTEL_EXPORTER_*` by the exporter itself, who we are from
 * `OTEL_RESOURCE_ATTRIBUTES` (in a cluster the pod, the node, the namespace) and
 * `OTEL_SERVICE_NAME`.
 */
export function createTracing(settings: TracingSettings, warn: (said: string) => void): Tracing {
  sayOfTrouble(warn);
  const ours = resourceFromAttributes({ "service.name": "sallyport", "service.version": VERSION });
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  const provider = new TracerProvider({
    sampler: samplerOf(settings.sampler),
    resource: ours.merge(detectResources({ detectors })),
    spanProcessors: [
      new BatchSpanProcessor({ ...settings.batch, exporter: new OTLPTraceExporter() }),
    ],
  });
  const tracer = provider.getTracer("sallyport", VERSION);
  return {
    closed: (facts) => record(facts, tracer),
    stop: () => provider.shutdown(),
  };
}

function samplerOf({ kind, ratio, followsParent }: SamplerSettings): Sampler {
  const root = rootSampler(kind, ratio);
  return followsParent ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(kind: SamplerSettings["kind"], ratio: number): Sampler {
  switch (kind) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(ratio);
    default:
      return impossible(kind);
  }
}

/** A collector that is away is in trouble with every batch. */
const TROUBLE_EVERY_MS = 60_000;

function sayOfTrouble(warn: (said: string) => void): void {
  let quietUntil = 0;
  const say = (said: string): void => {
    const now = monotonicMillis();
    if (now < quietUntil) return;
    quietUntil = now + TROUBLE_EVERY_MS;
    warn(reasonIn(said));
  };
  const nothing = (): void => undefined;
  const logger = { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

/** The SDK tells of errors as JSON with their stacks. */
function reasonIn(said: string): string {
  const reading = parseStrictJsonText(said);
  const value = reading.kind === "ok" ? reading.value : undefined;
  const message = isJsonObject(value) ? value["message"] : undefined;
  return `spans cannot be sent: ${typeof message === "string" ? message : said}`;
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
