import type { Hold } from "../../core/money/budget.ts";
import type { AttemptId } from "../../core/units.ts";
import { monotonicMillis, wallMillis } from "../../lib/clock.ts";
import { newId } from "../../lib/ids.ts";
import { keepRecent } from "../../lib/keep-recent.ts";
import { MEET, RESTORE } from "./balance-scripts.ts";
import type { RedisStoreOptions } from "./rate-store.ts";
import type { RedisScript } from "./redis-script.ts";
import { TenantMemory } from "./tenant-memory.ts";
import { LOST } from "./tenant-script.ts";

/** A memory that is lost again while it is told is given up after so many tries. */
const TRIES_MAX = 3;
/** Attempts whose tenant is remembered; those that nobody ever settles are forgotten first. */
const KEYS_MAX = 65_536;

type Args = readonly (string | number)[];

/** Scripts over the money of tenants, and what this process remembers of each. */
export class TenantSpace {
  readonly #options: RedisStoreOptions;
  readonly #memories = new Map<string, TenantMemory>();
  /** By tenant: told once, however many calls find the memory lost at the same time. */
  readonly #restoring = new Map<string, Promise<void>>();
  /** Which key an attempt of this process holds, to know its tenant again. */
  readonly #keys = new Map<AttemptId, string>();

  readonly #now: () => number;
  #untold = 0;

  constructor(options: RedisStoreOptions) {
    this.#options = options;
    this.#now = options.clock ?? monotonicMillis;
    options.client.onReturn(() => void this.#tellAll());
  }

  /** Attempts of this process that hold money, as far as it knows. */
  get live(): number {
    let sum = 0;
    for (const memory of this.#memories.values()) sum += memory.live;
    return sum;
  }

  /** Tenants that a Redis which came back is yet to be told of. */
  get untold(): number {
    return this.#untold;
  }

  /** One script sees one tenant: anything else could not be on one node of a cluster. */
  defectOf(holds: readonly Hold[]): Error | undefined {
    const [first, ...rest] = holds.map(({ key }) => this.tenantOf(key));
    return rest.every((root) => root === first)
      ? undefined
      : new RangeError("holds of two tenants at once");
  }

  /** A script that changes money. `args` follow now, root and epoch. */
  run(key: string, script: RedisScript, args: Args): Promise<unknown> {
    return this.#run(this.tenantOf(key), script, args);
  }

  async #run(root: string, script: RedisScript, args: Args): Promise<unknown> {
    const memory = this.#memoryOf(root);
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const reply = await this.#evaluate(root, script, [memory.epoch, ...args]);
      if (reply !== LOST) return reply;
      await this.#restore(root, memory);
    }
    throw new Error("Redis forgets what it is told");
  }

  /** A script that only shows. `args` follow now and root. */
  show(key: string, script: RedisScript, args: Args): Promise<unknown> {
    return this.#evaluate(this.tenantOf(key), script, args);
  }

  keyOf(attempt: AttemptId): string | undefined {
    return this.#keys.get(attempt);
  }

  held(attempt: AttemptId, holds: readonly Hold[], lease: number, spent: readonly number[]): void {
    const [first] = holds;
    if (first === undefined) return;
    const memory = this.#memoryOf(this.tenantOf(first.key));
    memory.holds(attempt, holds, lease);
    keepRecent(this.#keys, attempt, first.key, KEYS_MAX);
    for (const [at, { key, keepUntil }] of holds.entries()) {
      memory.sawSpent(key, spent[at] ?? 0, keepUntil);
    }
  }

  resized(attempt: AttemptId, holds: readonly Hold[], lease: number): void {
    const key = this.keyOf(attempt);
    if (key !== undefined) this.#memoryOf(this.tenantOf(key)).resized(attempt, holds, lease);
  }

  ended(attempt: AttemptId): void {
    const key = this.keyOf(attempt);
    if (key === undefined) return;
    this.#keys.delete(attempt);
    this.#memoryOf(this.tenantOf(key)).ended(attempt);
  }

  sawSpent(key: string, spent: number, keepUntil?: number): void {
    this.#memoryOf(this.tenantOf(key)).sawSpent(key, spent, keepUntil);
  }

  /**
   * Not only with the next call: a replica that stays silent until the memory is lost once more knows
   * of another past than those that spoke meanwhile, and what they know cannot be added up.
   */
  async #tellAll(): Promise<void> {
    const roots = [...this.#memories.keys()];
    this.#untold = roots.length;
    try {
      for (const root of roots) {
        await this.#run(root, MEET, []);
        this.#untold -= 1;
      }
    } catch {
      // Lost again: it is told when it returns.
      this.#untold = 0;
    }
  }

  #evaluate(root: string, script: RedisScript, args: Args): Promise<unknown> {
    const { client, clock } = this.#options;
    return client.run(script, [`${root}leases`], [clock?.() ?? "", root, ...args]);
  }

  tenantOf(key: string): string {
    return this.#options.keys.tenant(key);
  }

  #memoryOf(root: string): TenantMemory {
    let memory = this.#memories.get(root);
    if (memory === undefined) this.#memories.set(root, (memory = new TenantMemory(this.#now)));
    return memory;
  }

  #restore(root: string, memory: TenantMemory): Promise<void> {
    let restoring = this.#restoring.get(root);
    if (restoring === undefined) {
      restoring = this.#tell(root, memory).finally(() => this.#restoring.delete(root));
      this.#restoring.set(root, restoring);
    }
    return restoring;
  }

  async #tell(root: string, memory: TenantMemory): Promise<void> {
    const epoch = await this.#evaluate(root, RESTORE, [
      newId("memory", wallMillis()),
      ...memory.told(),
    ]);
    memory.epoch = String(epoch);
  }
}
