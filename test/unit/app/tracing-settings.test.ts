import { describe, expect, it } from "vitest";
import { readTracingSettings } from "../../../src/app/observe/tracing-settings.ts";

describe("the settings of tracing", () => {
  it("are the specification's where nothing is said", () => {
    expect(readTracingSettings({})).toEqual({
      sampler: { kind: "always_on", ratio: 1, followsParent: true },
      batch: {
        scheduledDelayMillis: 5_000,
        exportTimeoutMillis: 3_000,
        maxQueueSize: 2_048,
        maxExportBatchSize: 512,
      },
      warnings: [],
    });
  });

  it.each([
    ["always_on", undefined, { kind: "always_on", followsParent: false }],
    ["always_off", undefined, { kind: "always_off", followsParent: false }],
    ["traceidratio", "0.25", { kind: "traceidratio", ratio: 0.25, followsParent: false }],
    ["parentbased_always_off", "1", { kind: "always_off", followsParent: true }],
    ["ParentBased_TraceIdRatio", "0", { kind: "traceidratio", ratio: 0, followsParent: true }],
    ["parentbased_traceidratio", undefined, { kind: "traceidratio", ratio: 1 }],
  ])("sample by %s %s", (name, ratio, sampler) => {
    const environment = { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio };
    expect(readTracingSettings(environment)).toMatchObject({ sampler, warnings: [] });
  });

  it("batch as OTEL_BSP_* says, never more than the queue has", () => {
    const { batch, warnings } = readTracingSettings({
      OTEL_BSP_SCHEDULE_DELAY: "250",
      OTEL_BSP_EXPORT_TIMEOUT: "10000",
      OTEL_BSP_MAX_QUEUE_SIZE: "100",
    });
    expect(batch).toEqual({
      scheduledDelayMillis: 250,
      exportTimeoutMillis: 10_000,
      maxQueueSize: 100,
      maxExportBatchSize: 100,
    });
    expect(warnings).toEqual([]);
  });

  it.each([
    ["OTEL_TRACES_SAMPLER", "jaeger_remote", "none of always_on"],
    ["OTEL_BSP_SCHEDULE_DELAY", "soon", "no number"],
    ["OTEL_BSP_MAX_QUEUE_SIZE", "-1", "no number"],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "spans go as http/json"],
    ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "zipkin", "spans go as http/json"],
  ])("warn of %s=%s and do without it", (name, value, said) => {
    const { warnings, ...settings } = readTracingSettings({ [name]: value });
    expect(warnings).toEqual([expect.stringContaining(said)]);
    expect(settings).toEqual({ ...readTracingSettings({}), warnings: undefined });
  });

  it("warn of a share of traces that is none", () => {
    const environment = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "1.5" };
    expect(readTracingSettings(environment).warnings).toHaveLength(1);
  });
});
