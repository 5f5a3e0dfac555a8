/**
 * What `OTEL_*` says of spans beside where they go, which the exporter reads for itself. A value that
 * cannot be used is as if it were not set, and is warned of, as the specification wants it.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
import type { Environment } from "../config/environment.ts";

export interface TracingSettings {
  readonly sampler: SamplerSettings;
  readonly batch: BatchSettings;
  /** What of it is not done, in words for the log. */
  readonly warnings: readonly string[];
}

export interface SamplerSettings {
  /** Of traces that begin here, and without `followsParent` of all. */
  readonly kind: "always_on" | "always_off" | "traceidratio";
  /** 0 to 1; of `traceidratio`. */
  readonly ratio: number;
  /** The caller's decision holds. */
  readonly followsParent: boolean;
}

export interface BatchSettings {
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
}

const SAMPLERS = {
  always_on: { kind: "always_on", followsParent: false },
  always_off: { kind: "always_off", followsParent: false },
  traceidratio: { kind: "traceidratio", followsParent: false },
  parentbased_always_on: { kind: "always_on", followsParent: true },
  parentbased_always_off: { kind: "always_off", followsParent: true },
  parentbased_traceidratio: { kind: "traceidratio", followsParent: true },
} as const satisfies Readonly<Record<string, Omit<SamplerSettings, "ratio">>>;
const SAMPLER_DEFAULT = "parentbased_always_on";

/** The specification's, but for a collector that hangs: a shutdown does not wait for 30 s. */
const DELAY_MS = 5_000;
const TIMEOUT_MS = 3_000;
const QUEUE_SPANS = 2_048;
const BATCH_SPANS = 512;
const NUMBER_MAX = 1_000_000;

/** OTLP over HTTP: servers take both encodings at one address; ours is JSON. */
const SPOKEN = ["http/json", "http/protobuf"];

export function readTracingSettings(environment: Environment): TracingSettings {
  const warnings: string[] = [];
  const number = (name: string, byDefault: number): number => {
    const text = environment[name]?.trim() ?? "";
    const value = Number(text);
    if (text === "") return byDefault;
    if (Number.isInteger(value) && value > 0 && value <= NUMBER_MAX) return value;
    warnings.push(`${name} is no number from 1 to ${NUMBER_MAX}; it is ${byDefault}`);
    return byDefault;
  };
  const sampler = readSampler(environment, warnings);
  const maxQueueSize = number("OTEL_BSP_MAX_QUEUE_SIZE", QUEUE_SPANS);
  const batchSize = number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", Math.min(BATCH_SPANS, maxQueueSize));
  const batch = {
    scheduledDelayMillis: number("OTEL_BSP_SCHEDULE_DELAY", DELAY_MS),
    exportTimeoutMillis: number("OTEL_BSP_EXPORT_TIMEOUT", TIMEOUT_MS),
    maxQueueSize,
    maxExportBatchSize: Math.min(batchSize, maxQueueSize),
  };
  const protocol =
    environment["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] || environment["OTEL_EXPORTER_OTLP_PROTOCOL"];
  if (protocol && !SPOKEN.includes(protocol)) {
    warnings.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL ${protocol} is not spoken: spans go as http/json, which ` +
        "collectors take on port 4318",
    );
  }
  return { sampler, batch, warnings };
}

function readSampler(environment: Environment, warnings: string[]): SamplerSettings {
  const name = environment["OTEL_TRACES_SAMPLER"]?.trim().toLowerCase() || SAMPLER_DEFAULT;
  const known = Object.entries(SAMPLERS).find(([one]) => one === name)?.[1];
  if (known === undefined) {
    const names = Object.keys(SAMPLERS).join(", ");
    warnings.push(`OTEL_TRACES_SAMPLER ${name} is none of ${names}; it is ${SAMPLER_DEFAULT}`);
    return { ...SAMPLERS[SAMPLER_DEFAULT], ratio: 1 };
  }
  const text = environment["OTEL_TRACES_SAMPLER_ARG"]?.trim() ?? "";
  const ratio = text === "" ? 1 : Number(text);
  if (known.kind !== "traceidratio") return { ...known, ratio: 1 };
  if (ratio >= 0 && ratio <= 1) return { ...known, ratio };
  warnings.push("OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1; it is 1");
  return { ...known, ratio: 1 };
}
