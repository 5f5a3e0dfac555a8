/**
 * kill -9 at random moments under load. What a client saw must be on the record, money that was
 * acknowledged must be spent, and the next start must need nobody's help.
 */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { instant } from "../../src/core/units.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { call, CALL_KINDS, startLoadUpstream, type Seen } from "../support/load.ts";
import { readRecorded, verifyRecorded, type Recorded } from "../support/recorded.ts";
import type { RecordingUpstream } from "../support/recording-upstream.ts";
import { seededRandom } from "../support/seeded-random.ts";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
  type SallyportSetup,
} from "../support/sallyport-process.ts";

const ROUNDS = Number(process.env["TEST_CRASH_ROUNDS"] ?? 200);
const SEED = Number(process.env["TEST_SEED"] ?? 20_261_121);
/** Kills of one data directory: later starts find what several crashes left. */
const ROUNDS_PER_HOME = 20;
const LANES = 2;
const CLIENTS = 8;
const ANSWERS_MAX = 60;
const MOMENT_MAX_MS = 8;

/** 20 input tokens at 1 USD and 30 output tokens at 2 USD per million. */
const COST_NANO_USD = 80_000;
const CALLS = "default|calls|tester|lifetime";
const SPEND = "default|spend|tester|lifetime";
const DAY_MS = 86_400_000;

const POLICY = `
version: 1
agents: [tester]
budgets:
  calls: { limit: 1000000 calls, per: agent, window: lifetime }
  spend: { limit: 1000 USD, per: agent, window: lifetime }
  none: { limit: 0 calls, per: agent, window: lifetime }
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow, charge: calls }
  - { id: model, llm: { models: [gpt-4.1-mini] }, effect: allow, charge: [calls, spend] }
  - { id: poor, llm: { models: [gpt-4.1] }, effect: allow, charge: [calls, none] }
`;

function setupFor(upstream: RecordingUpstream): SallyportSetup {
  const price = "input_usd_per_mtok: 1, output_usd_per_mtok: 2, output_tokens_max: 1000";
  return {
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\nlog: { level: warn }\n" +
      `prices: { overrides: [{ provider: openai, model: gpt-4.1-mini, ${price} }] }\nupstreams:\n` +
      `  - { name: web, wire: http, url: "${upstream.url}", allow_private: true }\n` +
      `  - { name: openai, wire: openai, url: "${upstream.url}", allow_private: true }\n`,
    policies: { "all.yaml": POLICY },
  };
}

/** One data directory and everything that clients saw of it. */
interface Home {
  readonly upstream: RecordingUpstream;
  readonly seen: Seen[];
  /** Milliseconds to ready, of each start after a kill. */
  readonly starts: number[];
  sallyport: SallyportProcess;
  calls: number;
  kills: number;
}

async function loadUntilKilled(home: Home, random: () => number): Promise<void> {
  const { sallyport, seen } = home;
  const ended = new Promise((resolve) => sallyport.child.once("close", resolve));
  const after = 1 + Math.floor(random() * ANSWERS_MAX);
  const moment = random() * MOMENT_MAX_MS;
  const firstSeen = seen.length;
  let killing = false;
  const client = async (): Promise<void> => {
    for (;;) {
      home.calls += 1;
      const kind = CALL_KINDS[Math.floor(random() * CALL_KINDS.length)] ?? "web";
      const answer = await call(sallyport.url, kind, `/call-${home.calls}`);
      if (answer === undefined) return;
      seen.push(answer);
      if (seen.length - firstSeen < after || killing) continue;
      killing = true;
      setTimeout(() => sallyport.child.kill("SIGKILL"), moment);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  await ended;
  home.kills += 1;
}

async function expectNothingLost(home: Home): Promise<void> {
  const { sallyport, seen, upstream, kills } = home;
  const { dataDirectory } = sallyport;
  for (const { problems } of await verifyRecorded(dataDirectory)) expect(problems).toEqual([]);

  const recorded = await readRecorded(dataDirectory);
  const missing = seen.filter(
    ({ exchange }) => exchange === undefined || !isIn(recorded, exchange),
  );
  expect(missing, "answers whose exchange is not on the record").toEqual([]);
  const open = [...recorded.intents.keys()].filter((id) => recorded.outcomes.get(id)?.length !== 1);
  expect(open, "intents without exactly one outcome").toEqual([]);

  const paths = new Set(Array.from(recorded.intents.values(), ({ asked }) => asked.path));
  const asked = upstream.requests.filter(({ method }) => method === "GET");
  const unrecorded = asked.filter(({ url }) => !paths.has(url));
  expect(unrecorded, "what reached the upstream without an intent").toEqual([]);

  const intents = recorded.intents.size;
  expect(upstream.requests.length).toBeLessThanOrEqual(intents);
  const chats = seen.filter(isPaidChat).length;
  const paid = seen.filter((answer) => isPaidChat(answer) || isPaidWeb(answer)).length;
  const [calls, spend] = await balancesAt(dataDirectory, 0);
  expect(calls).toBeGreaterThanOrEqual(paid);
  expect(spend).toBeGreaterThanOrEqual(chats * COST_NANO_USD);
  // A hold whose process died before the intent stays, and becomes spend: never more than that.
  expect(calls, "refused calls were counted").toBeLessThanOrEqual(intents + kills * CLIENTS);
}

function isIn({ intents, outcomes }: Recorded, exchange: string): boolean {
  return intents.has(exchange) || outcomes.has(exchange);
}

function isPaidChat({ kind, status, complete }: Seen): boolean {
  return (kind === "chat" || kind === "stream") && status === 200 && complete;
}

function isPaidWeb({ kind, status, complete }: Seen): boolean {
  return kind === "web" && status === 200 && complete;
}

/** Spent and held of both budgets, as the store has them so many milliseconds from now. */
async function balancesAt(dataDirectory: string, ms: number): Promise<readonly [number, number]> {
  const now = instant(Date.now() + ms);
  await using store = openBudgetStore(join(dataDirectory, "budgets.db"), () => now);
  const balances = await store.balances([CALLS, SPEND]);
  const sum = (key: string): number => {
    const balance = balances.find((one) => one.key === key);
    if (ms > 0) expect(balance?.held ?? 0).toBe(0);
    return (balance?.spent ?? 0) + (balance?.held ?? 0);
  };
  return [sum(CALLS), sum(SPEND)];
}

async function crashOneHome(random: () => number, rounds: number): Promise<Home> {
  await using upstream = await startLoadUpstream();
  const sallyport = await startSallyport(setupFor(upstream));
  const home: Home = { upstream, seen: [], starts: [], sallyport, calls: 0, kills: 0 };
  try {
    for (let round = 0; round < rounds; round += 1) {
      await loadUntilKilled(home, random);
      const startedAt = performance.now();
      home.sallyport = await home.sallyport.restart();
      home.starts.push(performance.now() - startedAt);
      await expectNothingLost(home);
    }
    const { dataDirectory, configFile } = home.sallyport;
    expect(await home.sallyport.stop()).toBe(0);
    const settled = await balancesAt(dataDirectory, 0);
    // Leases of the dead end, and what they held is spent: never less than before.
    expect(await balancesAt(dataDirectory, DAY_MS)).toEqual(settled);
    expect((await verifyRecorded(dataDirectory)).map(({ sealed }) => sealed)).toEqual([true]);
    const told = await runSallyport(["ledger", "verify", "--config", configFile]);
    expect(told, told.output).toMatchObject({ code: 0 });
  } finally {
    await home.sallyport[Symbol.asyncDispose]();
  }
  return home;
}

describe("kill -9 under load", () => {
  it(`loses nothing acknowledged in ${ROUNDS} rounds (TEST_SEED=${SEED})`, async () => {
    const homes: Home[] = [];
    let begun = 0;
    const lane = async (): Promise<void> => {
      while (begun < ROUNDS) {
        const rounds = Math.min(ROUNDS_PER_HOME, ROUNDS - begun);
        const random = seededRandom(SEED + begun);
        begun += rounds;
        homes.push(await crashOneHome(random, rounds));
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));

    const starts = homes.flatMap((home) => home.starts).toSorted((a, b) => a - b);
    const median = starts[Math.floor(starts.length / 2)] ?? 0;
    const answers = homes.flatMap((home) => home.seen);
    const torn = answers.filter(({ complete }) => !complete).length;
    console.info(
      `${starts.length} kills, ${answers.length} answers (${torn} torn), ready again in ` +
        `${Math.round(median)} ms (median), ${Math.round(starts.at(-1) ?? 0)} ms (most)`,
    );
    expect(starts.length).toBe(ROUNDS);
    expect(torn, "no answer was torn: the kills come between the calls").toBeGreaterThan(0);
  }, 1_200_000);
});
