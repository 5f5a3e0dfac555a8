/**
 * `npm run bench [-- --quick] [-- --profile]`: Sallyport with everything on, a bare undici
 * pass-through and nginx (where installed), in turn, in one run. Read the ratios.
 */
import { execFileSync, fork, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { answer, forkListener, pin, REST_CORE } from "./child.ts";
import { load, slice, type Slice } from "./load-slice.ts";
import { idle, measureStart } from "./measure-start.ts";
import { rssMb } from "./process-stats.ts";
import { printTable, type Row } from "./report.ts";
import { SCENARIOS, type Scenario } from "./scenario.ts";
import { startSubjects, type Subject } from "./subjects.ts";
import { warmUp, type WarmUpLimits } from "./warm-up.ts";

const quick = process.argv.includes("--quick");
const profile = process.argv.includes("--profile");
const only = process.argv.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);

const ROUNDS = quick ? 2 : 5;
const SLICE_SECONDS = quick ? 0.5 : 2;
const WARM_LIMITS: WarmUpLimits = quick
  ? { stepRequests: 5_000, seconds: 12 }
  : { stepRequests: 20_000, seconds: 150 };
const WARM_STREAM = { chunks: 400, everyMs: 0 };
const WARM_STREAM_SECONDS = quick ? 1 : 5;
const OPEN_STREAMS = 1000;
const OPEN_STREAMS_NAME = `${OPEN_STREAMS}-streams`;
const LOAD_MS = 60_000;

const WARM = {
  port: 0,
  path: "",
  bodyBytes: 1024,
  connections: 16,
  seconds: SLICE_SECONDS,
  rate: undefined,
  stream: undefined,
  hold: false,
};

async function warm(client: ChildProcess, subjects: readonly Subject[]): Promise<void> {
  const { courses, steady } = await warmUp(
    subjects,
    async (subject) => {
      const { result, cpuUs: spent } = await slice(client, subject, WARM);
      return { requests: result.requests, seconds: result.seconds, cpuUs: spent };
    },
    WARM_LIMITS,
  );
  const [state, each] = [steady ? "Steady" : "Not steady yet", WARM_LIMITS.stepRequests];
  process.stdout.write(`${state}. CPU µs a request, for each ${each} while warming:\n`);
  for (const [{ name }, course] of courses) {
    process.stdout.write(`- ${name}: ${course.map((cost) => cost.toFixed(0)).join(", ")}\n`);
  }
  for (const { port, path } of subjects) {
    await load(client, { ...WARM, port, path, stream: WARM_STREAM, seconds: WARM_STREAM_SECONDS });
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function rowOf(scenario: Scenario, subject: Subject, slices: readonly Slice[]): Row {
  const pick = (of: (slice: Slice) => number): number => median(slices.map(of));
  const units = ({ result }: Slice): number =>
    scenario.stream === undefined ? result.requests : result.chunks;
  return {
    scenario: scenario.name,
    subject: subject.name,
    rps: pick(({ result }) => result.requests / result.seconds),
    cpu_us: pick((one) => one.cpuUs / Math.max(1, units(one))),
    p50_us: pick(({ result }) => result.p50Us),
    p99_us: pick(({ result }) => result.p99Us),
    first_byte_us:
      scenario.stream === undefined ? undefined : pick(({ result }) => result.firstByteP50Us),
    rss_mb: rssMb(subject.pids()),
    failures: slices.reduce((sum, { result }) => sum + result.failures, 0),
  };
}

async function measure(
  client: ChildProcess,
  subjects: readonly Subject[],
  rows: Row[],
): Promise<void> {
  for (const scenario of SCENARIOS) {
    if ((quick && !scenario.quick) || (only !== undefined && !scenario.name.startsWith(only)))
      continue;
    const full = rows.find(
      (row) => row.scenario === scenario.halfLoadOf && row.subject === "sallyport",
    );
    const job = {
      port: 0,
      path: "",
      bodyBytes: scenario.bodyBytes,
      connections: scenario.connections,
      seconds: SLICE_SECONDS,
      rate: full === undefined ? undefined : full.rps / 2,
      stream: scenario.stream,
      hold: false,
    };
    const slices = new Map<Subject, Slice[]>(subjects.map((subject) => [subject, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [subject, list] of slices) list.push(await slice(client, subject, job));
    }
    for (const [subject, list] of slices) rows.push(rowOf(scenario, subject, list));
  }
}

/** Opens 1,000 streams at once and holds them, before any other load: what waiting agents cost. */
async function measureOpenStreams(
  client: ChildProcess,
  subject: Subject,
  rows: Row[],
): Promise<void> {
  if (!quick) await idle(subject.pids());
  const before = rssMb(subject.pids());
  const stream = { chunks: 60, everyMs: 1000 };
  const job = {
    bodyBytes: 1024,
    connections: OPEN_STREAMS,
    seconds: 20,
    rate: undefined,
    stream,
    hold: true,
  };
  await load(client, { ...job, port: subject.port, path: subject.path });
  const open = rssMb(subject.pids());
  client.send({ release: true });
  await answer(client, LOAD_MS);
  const row = { cpu_us: 0, rps: 0, p50_us: 0, p99_us: 0, first_byte_us: undefined, failures: 0 };
  rows.push({
    ...row,
    scenario: OPEN_STREAMS_NAME,
    subject: subject.name,
    rss_mb: open,
    rss_above_idle_mb: open - before,
  });
}

function machine(): string {
  const [cpu] = cpus();
  const node = process.version;
  return `${cpu?.model.trim() ?? "unknown CPU"}, ${cpus().length} cores, Node ${node}, ${process.platform}`;
}

async function main(): Promise<void> {
  const upstream = await forkListener("raw-upstream.ts", []);
  const client = fork(new URL("load-client.ts", import.meta.url), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  pin(upstream.child.pid, String(REST_CORE));
  pin(client.pid, String(REST_CORE));
  const rows: Row[] = [];
  try {
    if (!quick && (only ?? "start") === "start") await measureStart(upstream.port, rows);
    if (only !== "start") await measureLoads(upstream.port, client, rows);
  } finally {
    upstream.child.disconnect();
    client.disconnect();
  }
  printTable(machine(), rows);
  const out = process.env["BENCH_OUT"];
  if (out !== undefined)
    writeFileSync(out, `${JSON.stringify({ machine: machine(), rows: withRatios(rows) })}\n`);
}

async function measureLoads(
  upstreamPort: number,
  client: ChildProcess,
  rows: Row[],
): Promise<void> {
  const subjects = await startSubjects(upstreamPort, { profile });
  try {
    if ((only ?? OPEN_STREAMS_NAME) === OPEN_STREAMS_NAME) {
      for (const subject of subjects) {
        if (subject.name !== "nginx") await measureOpenStreams(client, subject, rows);
      }
    }
    if (only === OPEN_STREAMS_NAME) return;
    await warm(client, subjects);
    await measure(client, subjects, rows);
  } finally {
    for (const subject of subjects) await subject.stop();
  }
}

function withRatios(rows: readonly Row[]): object[] {
  const rpsOf = (scenario: string, subject: string): number | undefined =>
    rows.find((row) => row.scenario === scenario && row.subject === subject)?.rps;
  return rows.map((row) => ({
    ...row,
    to_undici: ratio(row.rps, rpsOf(row.scenario, "undici")),
    to_nginx: ratio(row.rps, rpsOf(row.scenario, "nginx")),
  }));
}

function ratio(value: number, base: number | undefined): number | null {
  return base === undefined || base === 0 ? null : Math.round((value / base) * 1000) / 1000;
}

function assertTaskset(): void {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
  } catch {
    process.stderr.write("taskset is not installed: the subjects run unpinned and share cores.\n");
  }
}

assertTaskset();
await main();
process.exit(0);
