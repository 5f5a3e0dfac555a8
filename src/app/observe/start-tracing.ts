import { setTimeout as pause } from "node:timers/promises";
import type { Environment } from "../config/environment.ts";
import type { Tracing } from "./tracing.ts";
import { readTracingSettings } from "./tracing-settings.ts";

/** A collector that does not answer must not hold up a shutdown. */
const STOP_WAIT_MS = 3000;

/**
 * Spans, if the environment names a collector the OpenTelemetry way; else nothing is even loaded.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export async function startTracing(
  environment: Environment,
  warn: (said: string) => void,
): Promise<Tracing | undefined> {
  const endpoint =
    environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || environment["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const off =
    environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" ||
    environment["OTEL_TRACES_EXPORTER"] === "none";
  if (endpoint === undefined || endpoint === "" || off) return undefined;
  const { createTracing } = await import("./tracing.ts");
  const settings = readTracingSettings(environment);
  settings.warnings.forEach(warn);
  const tracing = createTracing(settings, warn);
  return {
    closed: (facts) => tracing.closed(facts),
    async stop() {
      await Promise.race([tracing.stop(), pause(STOP_WAIT_MS, undefined, { ref: false })]);
    },
  };
}
