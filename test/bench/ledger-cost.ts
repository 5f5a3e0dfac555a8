/**
 * Prints how fast the ledger is verified offline, and what intent and outcome take of an exchange's
 * CPU; fails below 50,000 records a second and above twelve per cent:
 *
 *     node test/bench/ledger-cost.ts
 *
 * Records are written by the real writer to a real disk, as many exchanges at a time as share a
 * commit of the gate. All times are CPU times, the thread pool's and the kernel's share included.
 * Ledger and gate are warmed alike until neither gets cheaper, and counted in turn on the same core:
 * read the share on a machine that does nothing else, for neighbours make both dearer and not alike.
 */
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Facts } from "../../src/core/evidence.ts";
import { id, instant, type ExchangeId } from "../../src/core/units.ts";
import { openLedger, type OpenLedger } from "../../src/stores/ledger/open-ledger.ts";
import { checkHeads, collectHeads, treesOf } from "../../src/stores/ledger/signed-heads.ts";
import { openSigningKey } from "../../src/stores/ledger/signing-key.ts";
import { verifyLedger } from "../../src/stores/ledger/verify-ledger.ts";
import { personalFile, SqlitePersonalStore } from "../../src/stores/sqlite/personal-store.ts";
import { intentFacts, outcomeFacts } from "../unit/ledger/ledger-facts.ts";
import { forkListener, pin, REST_CORE, SUBJECT_CORE } from "./child.ts";
import type { LoadJob } from "./load-client.ts";
import { slice } from "./load-slice.ts";
import { startSallyport, type Subject } from "./subjects.ts";
import { warmUp, type Warming, type WarmUpLimits } from "./warm-up.ts";

const RECORDS_PER_S_MIN = 50_000;
const SHARE_MAX = 0.12;
const JOB: LoadJob = {
  port: 0,
  path: "",
  bodyBytes: 1024,
  connections: 16,
  seconds: 2,
  rate: undefined,
  stream: undefined,
  hold: false,
};
/** How many of 16 calls share a commit of the gate, counted by its system calls. */
const CROWD = 13;
const WARM_LIMITS: WarmUpLimits = { stepRequests: 20_000, seconds: 90 };
const EXCHANGES = 8_000;
/** So many times in a turn: half a second, because a neighbour's burst is shorter. */
const PARTS = 4;
const ROUNDS = 9;

/**
 * Records as long as those of the exchange that they are compared with: nothing is found in it. A
 * policy gives the same decision to each such call.
 */
const ASKED = intentFacts("", { findings: [] });
const ENDED = outcomeFacts("", undefined, { findings: [] });

/** What the pipeline knows of one exchange. It would know it without a ledger, too. */
interface Known {
  readonly asked: Facts;
  readonly ended: Facts;
}

function knownExchanges(count: number): readonly Known[] {
  return Array.from({ length: count }, (_, index) => {
    const exchange = id<ExchangeId>(`exc_${String(index).padStart(26, "0")}`);
    return { asked: { ...ASKED, exchange }, ended: { ...ENDED, exchange } };
  });
}

/** As the gate does it: the next call is there before the last one's outcome is on the disk. */
async function writeExchanges(ledger: OpenLedger, exchanges: readonly Known[]): Promise<void> {
  const left = exchanges.values();
  const run = async (): Promise<void> => {
    let sealed: Promise<void> | undefined;
    for (const { asked, ended } of left) {
      const opened = await ledger.intent(asked);
      if (opened.kind === "halt") throw new Error(opened.refusal.code);
      ended.opened = opened.value;
      sealed = ledger.outcome(ended);
    }
    await sealed;
  };
  await Promise.all(Array.from({ length: CROWD }, run));
}

async function verified(directory: string, keyPath: string): Promise<number> {
  const sources = await collectHeads(directory, []);
  const heads = await checkHeads(directory, sources, [openSigningKey(keyPath)]);
  if (heads.problems.length > 0) throw new Error("the heads do not verify");
  let records = 0;
  for await (const report of verifyLedger(directory, { trees: treesOf(sources) })) {
    if (report.problems.length > 0) throw new Error("the ledger does not verify");
    records += report.records;
  }
  return records;
}

/** What intents and outcomes cost this process; what it made to write them is not counted. */
async function recorded(ledger: OpenLedger): Promise<Warming> {
  let [requests, seconds, cpuUs] = [0, 0, 0];
  for (let part = 0; part < PARTS; part += 1) {
    const exchanges = knownExchanges(EXCHANGES);
    const begun = performance.now();
    const before = process.cpuUsage();
    await writeExchanges(ledger, exchanges);
    const { user, system } = process.cpuUsage(before);
    requests += EXCHANGES;
    seconds += (performance.now() - begun) / 1000;
    cpuUs += user + system;
  }
  return { requests, seconds, cpuUs };
}

/** What exchanges of 1 KB cost the real program. */
async function exchanged(client: ChildProcess, subject: Subject): Promise<Warming> {
  const { result, cpuUs } = await slice(client, subject, JOB);
  if (result.failures > 0) throw new Error(`${result.failures} calls failed`);
  return { requests: result.requests, seconds: result.seconds, cpuUs };
}

interface Costs {
  /** One intent and one outcome, in microseconds. */
  readonly pair: number;
  /** One exchange. */
  readonly whole: number;
  /** Of the one in the other, round by round, ascending. */
  readonly shares: readonly number[];
  /** CPU µs step by step while warming: the ledger's, the gate's. */
  readonly courses: readonly (readonly number[])[];
  readonly steady: boolean;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Each has its own turn on one core, and the machine drifts: a share is that of one round. */
async function costsInTurn(
  ledger: OpenLedger,
  client: ChildProcess,
  subject: Subject,
): Promise<Costs> {
  const sides = [() => recorded(ledger), () => exchanged(client, subject)];
  const { courses, steady } = await warmUp(sides, (side) => side(), WARM_LIMITS);
  const pairs: number[] = [];
  const wholes: number[] = [];
  const shares: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [pair, whole] = [await recorded(ledger), await exchanged(client, subject)].map(
      ({ cpuUs, requests }) => cpuUs / requests,
    );
    if (pair === undefined || whole === undefined) continue;
    pairs.push(pair);
    wholes.push(whole);
    shares.push(pair / whole);
  }
  shares.sort((a, b) => a - b);
  return {
    pair: median(pairs),
    whole: median(wholes),
    shares,
    courses: [...courses.values()],
    steady,
  };
}

async function costs(ledger: OpenLedger): Promise<Costs> {
  const upstream = await forkListener("raw-upstream.ts", []);
  const client = fork(new URL("load-client.ts", import.meta.url), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  pin(upstream.child.pid, String(REST_CORE));
  pin(client.pid, String(REST_CORE));
  const subject = await startSallyport(upstream.port, { profile: false });
  // The ledger's threads share a core with its event loop, as the gate's do.
  pin(process.pid, String(SUBJECT_CORE));
  try {
    return await costsInTurn(ledger, client, subject);
  } finally {
    await subject.stop();
    upstream.child.disconnect();
    client.disconnect();
  }
}

const data = mkdtempSync(join(tmpdir(), "sallyport-bench-ledger-"));
try {
  const keyPath = join(data, "key.pem");
  const directory = join(data, "ledger");
  using personal = new SqlitePersonalStore(personalFile(data), () => undefined);
  const ledger = await openLedger({
    directory,
    now: () => instant(Date.now()),
    report: () => undefined,
    personal,
    heads: {
      key: openSigningKey(keyPath),
      keyPath,
      every: 1_000,
      publish: () => undefined,
      settle: async () => undefined,
    },
  });
  const { pair, whole, shares, courses, steady } = await costs(ledger);
  const share = median(shares);
  await ledger.seal();
  // The second look is measured: the first compiles the code.
  await verified(directory, keyPath);
  const begun = process.cpuUsage();
  const records = await verified(directory, keyPath);
  const took = process.cpuUsage(begun);
  const rate = records / ((took.user + took.system) / 1e6);
  console.log(`verified offline        ${Math.round(rate)} records a CPU second, of ${records}`);
  console.log(`  at least              ${RECORDS_PER_S_MIN} records/s`);
  console.log(`warm                    ${steady ? "steady" : "not steady yet"}`);
  for (const course of courses) console.log(`  ${course.map((us) => us.toFixed(0)).join(", ")} µs`);
  console.log(`intent and outcome      ${pair.toFixed(1)} µs, ${CROWD} share a commit`);
  console.log(
    `CPU of an exchange      ${whole.toFixed(0)} µs, ${JOB.connections} connections, 1 KB`,
  );
  console.log(
    `the ledger's share      ${(share * 100).toFixed(1)} % (at most ${SHARE_MAX * 100} %)`,
  );
  console.log(`  round by round        ${shares.map((one) => (one * 100).toFixed(1)).join(", ")}`);
  process.exitCode = rate >= RECORDS_PER_S_MIN && share <= SHARE_MAX ? 0 : 1;
} finally {
  rmSync(data, { recursive: true, force: true });
}
