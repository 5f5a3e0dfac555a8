/**
 * A month of mixed traffic over replicas whose clocks disagree and which die now and then, against
 * plain sums. `SALLYPORT_SIMULATION_ROUNDS` makes it longer.
 */
import type { Budget, BudgetStore, Hold } from "../../src/core/money/budget.ts";
import { holdsFor } from "../../src/core/money/holds.ts";
import { rollingWindow } from "../../src/core/money/window.ts";
import { attemptId, id, instant, millis, type Instant } from "../../src/core/units.ts";
import { expect } from "vitest";
import { budget, LLM, metered, NOW, PRINCIPAL } from "../unit/money/money-fixtures.ts";
import { seededRandom } from "./seeded-random.ts";

const DAY_MS = 86_400_000;
const ROUNDS = Number(process.env["SALLYPORT_SIMULATION_ROUNDS"] ?? 60);
const CALLS_A_ROUND = 24;
const REPLICAS = 8;
const LEASE = millis(660_000);
/** Clocks of replicas are wrong by up to so much, either way. */
const SKEW_MS = 30_000;
/** A settle that comes later than this is not tried: the hold has been spend for long. */
const LATE_MAX_MS = 3 * 3_600_000;

const BUDGETS: readonly Budget[] = [
  budget("day", "nano_usd", { limit: 60_000_000_007, per: ["agent"] }),
  budget("week", "nano_usd", {
    limit: 900_000_000_001,
    per: ["team"],
    window: { kind: "calendar", every: "week", tz: "Europe/Berlin" },
  }),
  budget("month", "tokens", {
    limit: 9_000_000,
    per: [],
    window: { kind: "calendar", every: "month", tz: "America/New_York" },
  }),
  budget("rolling", "calls", { limit: 40, per: ["agent"], window: rollingWindow(millis(DAY_MS)) }),
];
const CHARGES = BUDGETS.map((one) => metered(one));

interface Running {
  readonly attempt: ReturnType<typeof attemptId>;
  readonly holds: readonly Hold[];
  readonly startedAt: number;
}

type Random = () => number;

/** Sums by key: what admitted calls came to, to the unit. */
class Oracle {
  readonly amounts = new Map<string, number>();
  /** What calls used above what they held: the only way past a limit. */
  readonly over = new Map<string, number>();

  add(key: string, amount: number): void {
    this.amounts.set(key, (this.amounts.get(key) ?? 0) + amount);
  }

  settle({ key, amount }: Hold, used: number): void {
    this.add(key, used - amount);
    if (used > amount) this.over.set(key, (this.over.get(key) ?? 0) + used - amount);
  }
}

/** A store as one replica has it. */
export interface MonthReplica {
  readonly store: BudgetStore;
  /** Ends as a crash does: nothing more is settled. */
  die(): Promise<void>;
}

/** What the replicas share, and what may happen to it. */
export interface MonthWorld extends AsyncDisposable {
  /** `now`: the replica's own clock, which is wrong; `truth`: everybody's. */
  open(now: () => Instant, truth: () => Instant): Promise<MonthReplica>;
  /** Runs a round's work, and may break the store meanwhile; whole again when it resolves. */
  round(random: Random, work: () => Promise<void>): Promise<void>;
  /** Whether calls may find the store away. */
  readonly breaks: boolean;
  /** Whether replicas die; where one alone may know what is lost with it, none does. */
  readonly dying: boolean;
  /** Whether all comes out exactly, or may come out dearer than it was, never cheaper. */
  readonly exact: boolean;
}

interface Replica extends MonthReplica {
  readonly now: () => Instant;
  running: Running[];
}

export async function simulateMonth(seed: number, world: MonthWorld): Promise<void> {
  const random = seededRandom(seed);
  const clock = { at: NOW };
  const charged = new Map<string, Hold>();
  const oracle = new Oracle();
  const open = async (): Promise<Replica> => {
    const skew = Math.floor((random() * 2 - 1) * SKEW_MS);
    const now = (): Instant => instant(clock.at + skew);
    const opened = await world.open(now, () => clock.at);
    return { ...opened, now, running: [] };
  };
  const replicas: Replica[] = [];
  while (replicas.length < REPLICAS) replicas.push(await open());
  let calls = 0;
  const step = async (): Promise<void> => {
    const replica = replicas[Math.floor(random() * REPLICAS)];
    if (replica === undefined) return;
    calls += 1;
    const call = callOf(random, calls, replica.now());
    const reply = await replica.store.reserve(call.attempt, call.holds, LEASE);
    if (reply.kind === "unreachable" && !world.breaks) throw reply.cause;
    if (reply.kind !== "held") return;
    for (const hold of call.holds) {
      charged.set(hold.key, hold);
      oracle.add(hold.key, hold.amount);
    }
    replica.running.push(call);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    clock.at = instant(clock.at + Math.floor((random() * 2 * 30 * DAY_MS) / ROUNDS));
    await world.round(random, async () => {
      await Promise.all(Array.from({ length: CALLS_A_ROUND }, step));
      await Promise.all(replicas.map((replica) => finishSome(replica, random, clock.at, oracle)));
    });
    const dying = Math.floor(random() * REPLICAS * 4);
    if (world.dying && dying < REPLICAS) {
      // What it had running is never settled; the holds become spend.
      await replicas[dying]?.die();
      replicas[dying] = await open();
    }
    for (const [key, amount] of oracle.amounts) {
      expect(amount).toBeLessThanOrEqual(
        (charged.get(key)?.budget.limit ?? 0) + (oracle.over.get(key) ?? 0),
      );
    }
  }
  // Each speaks once more: what it knows is told before anybody looks.
  for (const replica of replicas) {
    calls += 1;
    const call = callOf(random, calls, replica.now());
    await replica.store.reserve(call.attempt, call.holds, LEASE);
    await replica.store.settle(call.attempt, []);
  }
  clock.at = instant(clock.at + LEASE + 2 * SKEW_MS);
  // What may be forgotten by now is nobody's limit any more.
  const lasting = [...charged.values()].filter(({ keepUntil = Infinity }) => keepUntil > clock.at);
  const keys = lasting.map(({ key }) => key);
  await compare(replicas[0]?.store, keys, oracle, world.exact);
  for (const replica of replicas) await replica.die();
}

async function compare(
  store: BudgetStore | undefined,
  keys: readonly string[],
  oracle: Oracle,
  exact: boolean,
): Promise<void> {
  // A sweep is bounded: it is asked until nothing is held.
  for (let n = 0; n < 20; n += 1) await store?.balances(keys.slice(0, 1));
  const balances = (await store?.balances(keys)) ?? [];
  const kept = balances.filter(({ spent, held }) => spent + held > 0);
  expect(kept.length).toBeGreaterThan(10);
  for (const { key, spent, held } of kept) {
    const really = oracle.amounts.get(key);
    if (exact) expect({ key, spent, held }).toEqual({ key, spent: really, held: 0 });
    else expect(spent, key).toBeGreaterThanOrEqual(really ?? 0);
  }
}

function callOf(random: Random, n: number, now: ReturnType<typeof instant>): Running {
  const agent = `agent-${Math.floor(random() * 5)}`;
  const principal = { ...PRINCIPAL, agent: id<never>(agent), team: agent < "agent-3" ? "x" : "y" };
  const tokens = 1 + Math.floor(random() * 20_000);
  const amounts = {
    nanoUsd: 1 + Math.floor(random() * 3_000_000_000),
    inputTokens: tokens,
    outputTokens: Math.floor(random() * 5000),
    calls: 1,
  };
  const lines = holdsFor(CHARGES, principal, LLM, now, amounts);
  const attempt = attemptId(id(`exc_${n}`), 1);
  return { attempt, holds: lines.map(({ hold }) => hold), startedAt: now };
}

/** Some calls end: with less, with more than held, with nothing; some go on over the next rounds. */
async function finishSome(
  replica: Replica,
  random: Random,
  now: number,
  oracle: Oracle,
): Promise<void> {
  const going: Running[] = [];
  const settling: Promise<unknown>[] = [];
  for (const call of replica.running) {
    const fate = random();
    if (now - call.startedAt > LATE_MAX_MS) continue;
    if (fate < 0.2) going.push(call);
    else if (fate < 0.3) {
      settling.push(replica.store.settle(call.attempt, []));
      for (const hold of call.holds) oracle.settle(hold, 0);
    } else {
      const factor = fate > 0.97 ? 1.5 : random();
      const settlements = call.holds.map((hold) => {
        const amount = hold.budget.unit === "calls" ? 1 : Math.ceil(hold.amount * factor);
        oracle.settle(hold, amount);
        return { key: hold.key, amount, trailing: hold.trailing };
      });
      settling.push(replica.store.settle(call.attempt, settlements));
    }
  }
  replica.running = going;
  await Promise.all(settling);
}
