export interface Row {
  readonly scenario: string;
  readonly subject: string;
  readonly rps: number;
  /** CPU a request, or a chunk where streams are measured. */
  readonly cpu_us: number;
  readonly p50_us: number;
  readonly p99_us: number;
  readonly first_byte_us: number | undefined;
  readonly rss_mb: number;
  readonly rss_above_idle_mb?: number;
  readonly failures: number;
}

const COLUMNS = [
  "scenario",
  "subject",
  "req/s",
  "÷ undici",
  "÷ nginx",
  "CPU µs",
  "CPU ÷ undici",
  "p50 µs",
  "added p50",
  "p99 µs",
  "added p99",
  "first byte µs",
  "RSS MB",
  "failed",
];

/** Markdown, so that it can be pasted into test/bench/README.md as it is. */
export function printTable(machine: string, rows: readonly Row[]): void {
  const lines = [
    `Machine: ${machine}`,
    "",
    `| ${COLUMNS.join(" | ")} |`,
    `|${COLUMNS.map(() => "---").join("|")}|`,
  ];
  for (const row of rows) lines.push(line(row, rows));
  process.stdout.write(`${lines.join("\n")}\n`);
}

function line(row: Row, rows: readonly Row[]): string {
  const undici = rows.find(
    (other) => other.scenario === row.scenario && other.subject === "undici",
  );
  const nginx = rows.find((other) => other.scenario === row.scenario && other.subject === "nginx");
  const cells = [
    row.scenario,
    row.subject,
    whole(row.rps),
    share(row.rps, undici?.rps),
    share(row.rps, nginx?.rps),
    row.cpu_us === 0 ? "" : row.cpu_us.toFixed(1),
    share(row.cpu_us, undici?.cpu_us),
    whole(row.p50_us),
    whole(row.p50_us - (undici?.p50_us ?? row.p50_us)),
    whole(row.p99_us),
    whole(row.p99_us - (undici?.p99_us ?? row.p99_us)),
    row.first_byte_us === undefined ? "" : whole(row.first_byte_us),
    row.rss_above_idle_mb === undefined
      ? whole(row.rss_mb)
      : `${whole(row.rss_mb)} (+${whole(row.rss_above_idle_mb)})`,
    String(row.failures),
  ];
  return `| ${cells.join(" | ")} |`;
}

function whole(value: number): string {
  return value === 0 ? "" : String(Math.round(value));
}

function share(value: number, base: number | undefined): string {
  return base === undefined || base === 0 ? "" : (value / base).toFixed(2);
}
