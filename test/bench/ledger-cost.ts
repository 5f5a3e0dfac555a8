/**
 * Prints how fast the ledger is verified offline, and what intent and outcome take of an exchange's
 * CPU; fails below 50,000 records a second and above twelve per cent:
 *
 *     node test/bench/ledger-cost.ts [records]
 *
 * Records are written by the real writer to a real disk, 16 exchanges at a time. All times are CPU
 * times, the thread pool's and the kernel's share included: read them on a machine that does nothing
 * else, for neighbours make both dearer and not alike.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Facts } from "../../src/core/evidence.ts";
import { id, instant, type ExchangeId } from "../../src/core/units.ts";
import { openLedger, type OpenLedger } from "../../src/stores/ledger/open-ledger.ts";
import { checkHeads, collectHeads, treesOf } from "../../src/stores/ledger/signed-heads.ts";
import { openSigningKey } from "../../src/stores/ledger/signing-key.ts";
import { verifyLedger } from "../../src/stores/ledger/verify-ledger.ts";
import { personalFile, SqlitePersonalStore } from "../../src/stores/sqlite/personal-store.ts";
import { intentFacts, outcomeFacts } from "../unit/ledger/ledger-facts.ts";
import { forkListener, pin, SUBJECT_CORE } from "./child.ts";
import { cpuUs } from "./process-stats.ts";
import { startSallyport } from "./subjects.ts";

const RECORDS = Number(process.argv[2] ?? 200_000);
const RECORDS_PER_S_MIN = 50_000;
const SHARE_MAX = 0.12;
const CONNECTIONS = 16;
/** The compiler has done most of its work by then, in the ledger's measure and in the exchange's. */
const WARM_UP = 20_000;
const EXCHANGES = 8_000;
const ROUNDS = 3;

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
  await Promise.all(Array.from({ length: CONNECTIONS }, run));
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

/** CPU of this process for one intent and one outcome, in microseconds. */
async function recordCost(ledger: OpenLedger): Promise<number> {
  await writeExchanges(ledger, knownExchanges(WARM_UP));
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const exchanges = knownExchanges(EXCHANGES);
    const before = process.cpuUsage();
    await writeExchanges(ledger, exchanges);
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / EXCHANGES);
  }
  return costs.toSorted((a, b) => a - b)[1] ?? 0;
}

/** CPU of the real program for one exchange of 1 KB, in microseconds. */
async function exchangeCost(): Promise<number> {
  const upstream = await forkListener("raw-upstream.ts", []);
  const subject = await startSallyport(upstream.port, { profile: false });
  try {
    for (const pid of subject.pids()) pin(pid, String(SUBJECT_CORE));
    const url = `http://127.0.0.1:${subject.port}${subject.path}`;
    await exchanges(url, WARM_UP);
    const before = cpuUs(subject.pids());
    await exchanges(url, EXCHANGES);
    return (cpuUs(subject.pids()) - before) / EXCHANGES;
  } finally {
    await subject.stop();
    upstream.child.disconnect();
  }
}

async function exchanges(url: string, count: number): Promise<void> {
  const content = "Please summarise the following notes about the harbour. ".repeat(16);
  const messages = [{ role: "user", content }];
  const body = JSON.stringify({ model: "bench-model", max_tokens: 200, messages });
  let left = count;
  const run = async (): Promise<void> => {
    while (left-- > 0) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, run));
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
  const pair = await recordCost(ledger);
  for (let written = 0; written < RECORDS / 2; written += EXCHANGES) {
    await writeExchanges(ledger, knownExchanges(EXCHANGES));
  }
  await ledger.seal();
  // The second look is measured: the first compiles the code.
  await verified(directory, keyPath);
  const begun = process.cpuUsage();
  const records = await verified(directory, keyPath);
  const took = process.cpuUsage(begun);
  const rate = records / ((took.user + took.system) / 1e6);
  const whole = await exchangeCost();
  const share = pair / whole;
  console.log(`verified offline        ${Math.round(rate)} records a CPU second, of ${records}`);
  console.log(`  at least              ${RECORDS_PER_S_MIN} records/s`);
  console.log(`intent and outcome      ${pair.toFixed(1)} µs`);
  console.log(`CPU of an exchange      ${whole.toFixed(0)} µs, ${CONNECTIONS} connections, 1 KB`);
  console.log(
    `the ledger's share      ${(share * 100).toFixed(1)} % (at most ${SHARE_MAX * 100} %)`,
  );
  process.exitCode = rate >= RECORDS_PER_S_MIN && share <= SHARE_MAX ? 0 : 1;
} finally {
  rmSync(data, { recursive: true, force: true });
}
