import { impossible } from "../../lib/impossible.ts";
import type { Sink, SinkPlan } from "./sink-plan.ts";

/** Connects with the first delivery; what a target needs is loaded for it alone. */
export async function openSink({ target, format }: SinkPlan): Promise<Sink> {
  switch (target.kind) {
    case "stdout":
      return (await import("./stdout-sink.ts")).stdoutSink(format);
    case "webhook":
      return (await import("./http-sinks.ts")).webhookSink(target, format);
    case "otlp":
      return (await import("./http-sinks.ts")).otlpSink(target, format);
    case "redis":
      return (await import("./redis-sink.ts")).redisSink(target, format);
    case "postgres":
      return (await import("./postgres-sink.ts")).postgresSink(target, format);
    default:
      return impossible(target);
  }
}
