import { Counter, Gauge, type Registry } from "prom-client";
import type { SinkState } from "../../stores/ledger-sinks/sink-plan.ts";

/** `states` is asked with every scrape. */
export function addSinkMetrics(registry: Registry, states: () => readonly SinkState[]): void {
  const perSink = (name: string, help: string, read: (state: SinkState) => number): void => {
    const metric = new Gauge({
      name,
      help,
      labelNames: ["sink"],
      registers: [registry],
      collect() {
        metric.reset();
        for (const state of states()) metric.set({ sink: state.name }, read(state));
      },
    });
  };
  perSink(
    "sallyport_ledger_sink_behind_seconds",
    "How long ago a sink had everything.",
    ({ behind }) => behind / 1000,
  );
  perSink("sallyport_ledger_sink_failing", "1 while a sink takes nothing.", ({ failing }) =>
    failing === undefined ? 0 : 1,
  );
  const delivered = new Counter({
    name: "sallyport_ledger_sink_delivered_total",
    help: "Records that a sink took.",
    labelNames: ["sink"],
    registers: [registry],
    collect() {
      delivered.reset();
      for (const state of states()) delivered.inc({ sink: state.name }, state.delivered);
    },
  });
}
