import { Gauge, type Registry } from "prom-client";
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
  perSink(
    "sallyport_ledger_sink_delivered",
    "Records that a sink took since the process began.",
    ({ delivered }) => delivered,
  );
  perSink("sallyport_ledger_sink_failing", "1 while a sink takes nothing.", ({ failing }) =>
    failing === undefined ? 0 : 1,
  );
}
