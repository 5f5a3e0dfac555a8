import type {
  AssignReply,
  Assignment,
  BalancePage,
  BudgetBalance,
  Hold,
  LiveHold,
  ReserveReply,
  ResizeReply,
  Settlement,
  SettleReply,
} from "../../core/money/budget.ts";
import type { AttemptId, Millis } from "../../core/units.ts";
import { defectOf, isAmount } from "../budget-defect.ts";
import { FirstReplies } from "../first-replies.ts";
import { errorOf } from "../../lib/caught.ts";
import * as read from "./budget-replies.ts";
import type { OutageCount } from "../outage/outage-policy.ts";
import type { ChargeableStore, OwedLine } from "../outage/owed-spend.ts";
import { ASSIGN, BALANCES, CHARGE, HOLDS_ON, LIST } from "./balance-scripts.ts";
import { RESERVE, RESIZE, SETTLE } from "./budget-scripts.ts";
import { RedisUnavailable } from "./redis-client.ts";
import type { RedisStoreOptions } from "./rate-store.ts";
import type { RedisScript } from "./redis-script.ts";
import { TenantSpace } from "./tenant-space.ts";
import { UnsettledQueue, type LateSettlement } from "./unsettled-queue.ts";

/** Live attempts that a look at one balance's holds goes through at most. */
const ATTEMPTS_LOOKED_AT_MAX = 5000;

/** How long a telling of owed spend is known by its name, in ms. */
const TOLD_KEPT_MS = 7 * 86_400_000;

const UNREACHABLE: SettleReply = { kind: "unreachable" };

/**
 * The budgets of all replicas that use one Redis, by its clock: one round trip to set money aside
 * over all budgets of an exchange, and one to settle them. A Redis that comes back empty is told
 * again what this process knows, before it decides anything.
 */
export class RedisBudgetStore implements ChargeableStore, OutageCount, AsyncDisposable {
  /** Nothing passes a store that is closed while it is away. */
  readonly letThrough = 0;
  readonly #space: TenantSpace;
  readonly #firstReplies = new FirstReplies();
  readonly #unsettled: UnsettledQueue;
  /** Calls on their way; a store that closes waits for them. */
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: RedisStoreOptions) {
    this.#space = new TenantSpace(options);
    this.#unsettled = new UnsettledQueue((one) => this.#settle(one));
  }

  /** Settlements that wait for Redis, and tenants that it is to be told of again. */
  get unsettled(): number {
    return this.#unsettled.size + this.#space.untold;
  }

  /** Attempts of this process that hold money, as far as it knows. */
  get held(): number {
    return this.#space.live;
  }

  reserve(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ReserveReply> {
    const first = this.#firstReplies.get(attempt);
    if (first !== undefined) return Promise.resolve(first);
    const defect = defectOf(holds) ?? this.#space.defectOf(holds);
    if (defect !== undefined) return Promise.resolve({ kind: "unreachable", cause: defect });
    return this.#track(this.#reserve(attempt, holds, lease));
  }

  async resize(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ResizeReply> {
    const defect = defectOf(holds) ?? this.#space.defectOf(holds);
    if (defect !== undefined) return { kind: "unreachable", cause: defect };
    try {
      const { reply } = await this.#hold(RESIZE, attempt, holds, lease);
      if (reply.kind === "held") this.#space.resized(attempt, holds, lease);
      return reply;
    } catch (error) {
      return { kind: "unreachable", cause: errorOf(error) };
    }
  }

  settle(attempt: AttemptId, settlements: readonly Settlement[]): Promise<SettleReply> {
    if (!settlements.every(({ amount }) => isAmount(amount))) return Promise.resolve(UNREACHABLE);
    const key = this.#space.keyOf(attempt) ?? settlements[0]?.key;
    // Voids are for what this process held: it knows where.
    if (key === undefined) return Promise.resolve({ kind: "settled", changes: [] });
    const late = { attempt, key, settlements, giveUp: "" } as const;
    const settled = this.#settle(late).catch((): SettleReply => {
      this.#unsettled.add(late);
      return UNREACHABLE;
    });
    return this.#track(settled);
  }

  async balances(keys: readonly string[]): Promise<readonly BudgetBalance[]> {
    const [key] = keys;
    if (key === undefined) return [];
    return this.#space.show(key, BALANCES, keys).then(
      (raw) => read.readBalances(raw, keys),
      () => [],
    );
  }

  async list({ prefix, after, max }: BalancePage): Promise<readonly BudgetBalance[] | undefined> {
    const args = [prefix, after ?? "", max];
    return this.#space.show(prefix, LIST, args).then(read.readListed, () => undefined);
  }

  async holdsOn(key: string, max: number): Promise<readonly LiveHold[]> {
    const args = [key, max, ATTEMPTS_LOOKED_AT_MAX];
    return this.#space.show(key, HOLDS_ON, args).then(read.readHolds, () => []);
  }

  async assign(assignments: readonly Assignment[]): Promise<AssignReply> {
    const [first] = assignments;
    if (first === undefined) return { kind: "assigned", before: [] };
    if (!assignments.every(({ spent }) => isAmount(spent))) {
      return { kind: "unreachable", cause: new RangeError("not an amount") };
    }
    const args = assignments.flatMap(({ key, spent, keepUntil }) => [key, spent, keepUntil ?? ""]);
    try {
      const before = read.readNumbers(await this.#space.run(first.key, ASSIGN, args));
      for (const { key, spent, keepUntil } of assignments) {
        this.#space.sawSpent(key, spent, keepUntil);
      }
      return { kind: "assigned", before };
    } catch (error) {
      return { kind: "unreachable", cause: errorOf(error) };
    }
  }

  async charge(telling: string, lines: readonly OwedLine[]): Promise<"charged" | "unreachable"> {
    const byTenant = Map.groupBy(lines, ({ key }) => this.#space.tenantOf(key));
    try {
      for (const owed of byTenant.values()) {
        const args: (string | number)[] = [telling, TOLD_KEPT_MS];
        for (const { key, amount, keepUntil } of owed) args.push(key, amount, keepUntil ?? "");
        await this.#space.run(owed[0]?.key ?? "", CHARGE, args);
      }
      return "charged";
    } catch {
      return "unreachable";
    }
  }

  /** Waits for what is on its way; what Redis does not take then becomes spend with its lease. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#unsettled[Symbol.asyncDispose]();
  }

  async #reserve(attempt: AttemptId, holds: readonly Hold[], lease: Millis): Promise<ReserveReply> {
    try {
      const { reply, spent } = await this.#hold(RESERVE, attempt, holds, lease);
      if (reply.kind === "held") this.#space.held(attempt, holds, lease, spent);
      return this.#firstReplies.remember(attempt, read.asReserveReply(reply));
    } catch (error) {
      const key = holds[0]?.key;
      // It may be held all the same, now or later: whatever comes of it is void.
      if (key !== undefined && error instanceof RedisUnavailable && error.sent) {
        this.#unsettled.add({ attempt, key, settlements: [], giveUp: lease });
      }
      return { kind: "unreachable", cause: errorOf(error) };
    }
  }

  async #hold(
    script: RedisScript,
    attempt: AttemptId,
    holds: readonly Hold[],
    lease: Millis,
  ): Promise<read.ReadReserve> {
    const args: (string | number)[] = [attempt, lease, holds.length];
    for (const { key, amount, budget, keepUntil, resetsAt, trailing } of holds) {
      // Turns end by themselves; what has no end is kept for as long as somebody comes back.
      const touch = resetsAt === undefined && keepUntil !== undefined && trailing.length === 0;
      args.push(key, amount, budget.limit, keepUntil ?? "", touch ? 1 : 0, trailing.length);
      args.push(...trailing);
    }
    return read.readReserve(await this.#space.run(holds[0]?.key ?? "", script, args), holds);
  }

  async #settle({ attempt, key, settlements, giveUp }: LateSettlement): Promise<SettleReply> {
    const args: (string | number)[] = [attempt, giveUp, settlements.length];
    for (const line of settlements) {
      args.push(line.key, line.amount, line.trailing.length, ...line.trailing);
    }
    const changes = read.readChanges(await this.#space.run(key, SETTLE, args));
    this.#space.ended(attempt);
    return {
      kind: "settled",
      changes: changes.map(({ key: of, before, after, spent }) => {
        this.#space.sawSpent(of, spent);
        return { key: of, before, after };
      }),
    };
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }
}
