/** How long a start takes with a warm compile cache, and what the process holds once it idles. */
import { get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { cpuUs, rssMb } from "./process-stats.ts";
import type { Row } from "./report.ts";
import { spawnSallyport, stopSallyport, type SpawnedSallyport } from "./subjects.ts";

/** The first of them warms the compile cache and does not count. */
const STARTS = 4;
const READY_MS = 15_000;
const ASK_MS = 2;

/** A second with less of a processor than this is idle; what is to be given back is, by then. */
const IDLE_SHARE = 0.05;
const IDLE_LOOKS = 3;
const LOOK_MS = 1_000;
const IDLE_MS_MAX = 20_000;

/** Not pinned: a start has what the machine has. */
export async function measureStart(upstreamPort: number, rows: Row[]): Promise<void> {
  const starts: { readonly us: number; readonly cpu: number; readonly rss: number }[] = [];
  for (let n = 0; n < STARTS; n += 1) {
    const started = await spawnSallyport(upstreamPort, { profile: false });
    const spawned = performance.now();
    try {
      await ready(started);
      const pids = [started.child.pid ?? 0];
      const us = (performance.now() - spawned) * 1000;
      const cpu = cpuUs(pids);
      await idle(pids);
      if (n > 0) starts.push({ us, cpu, rss: rssMb(pids) });
    } finally {
      await stopSallyport(started);
    }
  }
  const pick = (of: (start: (typeof starts)[number]) => number): number =>
    starts.map(of).toSorted((a, b) => a - b)[Math.floor(starts.length / 2)] ?? 0;
  rows.push({
    scenario: "start",
    subject: "sallyport",
    rps: 0,
    cpu_us: pick(({ cpu }) => cpu),
    p50_us: pick(({ us }) => us),
    p99_us: Math.max(...starts.map(({ us }) => us)),
    first_byte_us: undefined,
    rss_mb: pick(({ rss }) => rss),
    failures: 0,
  });
}

/** Until nothing happens: by then it has given back what loading took. */
export async function idle(pids: readonly number[]): Promise<void> {
  let cpu = cpuUs(pids);
  let quiet = 0;
  for (let waited = 0; quiet < IDLE_LOOKS && waited < IDLE_MS_MAX; waited += LOOK_MS) {
    await pause(LOOK_MS);
    const now = cpuUs(pids);
    quiet = now - cpu < LOOK_MS * 1000 * IDLE_SHARE ? quiet + 1 : 0;
    cpu = now;
  }
}

async function ready({ child, managePort }: SpawnedSallyport): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while ((await statusOf(`http://127.0.0.1:${managePort}/readyz`)) !== 200) {
    if (child.exitCode !== null) throw new Error(`Sallyport ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error("Sallyport does not become ready");
    await pause(ASK_MS);
  }
}

function statusOf(url: string): Promise<number> {
  return new Promise((resolve) => {
    get(url, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on("error", () => resolve(0));
  });
}
