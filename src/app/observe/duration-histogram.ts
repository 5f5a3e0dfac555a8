import { Histogram } from "prom-client";
import { DURATION_BOUNDS, type UpstreamTally } from "./tally.ts";

/** The labels of an upstream, and what was counted there. */
export type Row = readonly [Readonly<Record<string, string>>, UpstreamTally];

/** Reads the tally's buckets instead of observing each exchange a second time. */
export class DurationHistogram extends Histogram<"upstream" | "wire"> {
  readonly #rows: () => Iterable<Row>;

  constructor(rows: () => Iterable<Row>) {
    super({
      name: DURATION_NAME,
      help: DURATION_HELP,
      labelNames: ["upstream", "wire"],
      buckets: [...DURATION_BOUNDS],
      registers: [],
    });
    this.#rows = rows;
  }

  /** What the registry asks for when it writes text; the library's types do not name it. */
  async getForPromString(): Promise<HistogramText> {
    const values = [...this.#rows()].flatMap(samples);
    return { name: DURATION_NAME, help: DURATION_HELP, type: "histogram", values };
  }
}

const DURATION_NAME = "sallyport_exchange_duration_seconds";
const DURATION_HELP = "From the request's head to the sealed outcome.";

interface HistogramText {
  readonly name: string;
  readonly help: string;
  readonly type: "histogram";
  readonly values: readonly Sample[];
}

interface Sample {
  readonly labels: Record<string, string | number>;
  readonly value: number;
  readonly metricName: string;
}

function samples([labels, { durations, durationSum }]: Row): Sample[] {
  let total = 0;
  const buckets = [...durations].map((value, index) => {
    total += value;
    return {
      labels: { ...labels, le: DURATION_BOUNDS[index] ?? "+Inf" },
      value: total,
      metricName: `${DURATION_NAME}_bucket`,
    };
  });
  return [
    ...buckets,
    { labels: { ...labels }, value: durationSum, metricName: `${DURATION_NAME}_sum` },
    { labels: { ...labels }, value: total, metricName: `${DURATION_NAME}_count` },
  ];
}
