/**
 * What two workers can do to one process, by the CPU of a request, and fails below 1.7:
 *
 *     node test/bench/two-workers.ts
 *
 * On two cores the load generator and the upstream need one of them, so two workers cannot be seen
 * to serve at full speed. All processes of a subject share one core here; what two workers would do
 * on a core each follows from the CPU that a request costs them, first process and kernel included.
 */
import { fork, type ChildProcess } from "node:child_process";
import { forkListener, pin, REST_CORE } from "./child.ts";
import type { LoadJob } from "./load-client.ts";
import { slice } from "./load-slice.ts";
import { startSallyport, type Subject } from "./subjects.ts";

const ROUNDS = 3;
const SECONDS = 2;
const CONNECTIONS = [16, 64];
const SPEEDUP_MIN = 1.7;
/** The compiler is at work for the first of a process's requests: so many are not counted. */
const WARM_REQUESTS = 25_000;
const WARM_CONNECTIONS = 64;
const WARM_LOADS_MAX = 60;

const job = (connections: number): LoadJob => ({
  port: 0,
  path: "",
  bodyBytes: 1024,
  connections,
  seconds: SECONDS,
  rate: undefined,
  stream: undefined,
  hold: false,
});

/** Each process for itself: two have twice as much to learn. */
async function warm(client: ChildProcess, subject: Subject, processes: number): Promise<void> {
  let served = 0;
  for (let n = 0; n < WARM_LOADS_MAX && served < WARM_REQUESTS * processes; n += 1) {
    served += (await slice(client, subject, job(WARM_CONNECTIONS))).result.requests;
  }
}

/** CPU of one request in microseconds. */
async function costOf(
  client: ChildProcess,
  subject: Subject,
  connections: number,
): Promise<number> {
  const { result, cpuUs } = await slice(client, subject, job(connections));
  if (result.failures > 0) throw new Error(`${result.failures} calls failed`);
  return cpuUs / result.requests;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const upstream = await forkListener("raw-upstream.ts", []);
const client = fork(new URL("load-client.ts", import.meta.url), {
  stdio: ["ignore", "inherit", "inherit", "ipc"],
});
pin(upstream.child.pid, String(REST_CORE));
pin(client.pid, String(REST_CORE));
const one = await startSallyport(upstream.port, { profile: false });
const two = await startSallyport(upstream.port, { profile: false, workers: 2 });
try {
  await warm(client, one, 1);
  await warm(client, two, 2);
  for (const connections of CONNECTIONS) {
    const costs: { one: number[]; two: number[] } = { one: [], two: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      costs.one.push(await costOf(client, one, connections));
      costs.two.push(await costOf(client, two, connections));
    }
    const [alone, shared] = [median(costs.one), median(costs.two)];
    const speedup = (2 * alone) / shared;
    process.stdout.write(
      `${connections} connections: one process ${alone.toFixed(0)} us of CPU a request, ` +
        `two workers ${shared.toFixed(0)} us: ${speedup.toFixed(2)} x on two cores\n`,
    );
    if (speedup < SPEEDUP_MIN) process.exitCode = 1;
  }
} finally {
  await one.stop();
  await two.stop();
  upstream.child.disconnect();
  client.disconnect();
}
