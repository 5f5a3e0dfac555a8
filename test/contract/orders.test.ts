/** Holds and erasures that every replica carries out: once, wherever the process ends in between. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRetention } from "../../src/app/ports/open-retention.ts";
import type { Write } from "../../src/core/identity/directory-store.ts";
import { id, instant, type TenantId } from "../../src/core/units.ts";
import { carryOut } from "../../src/operations/records/carry-out.ts";
import {
  erasePerson,
  placeHold,
  releaseHold,
  type RetentionPorts,
} from "../../src/operations/records/retention.ts";
import { listStandings } from "../../src/operations/records/show-standings.ts";
import type { OpenDirectoryStore } from "../../src/stores/directory/sql-directory-store.ts";
import { openSqliteDirectory } from "../../src/stores/directory/open-directory-store.ts";
import { indexPlace } from "../../src/stores/ledger-index/index-place.ts";
import { LedgerThread } from "../../src/stores/ledger-thread/ledger-thread.ts";
import { openLedger, type OpenLedger } from "../../src/stores/ledger/open-ledger.ts";
import { readLast } from "../../src/stores/ledger/read-ledger.ts";
import { personalFile, SqlitePersonalStore } from "../../src/stores/sqlite/personal-store.ts";
import { SqliteUsageStore } from "../../src/stores/sqlite/usage-store.ts";
import { usagePath } from "../../src/app/observe/usage-listener.ts";

const TENANT: TenantId = id("default");
const ALICE = { tenant: TENANT, by: "alice" };
const JANE = "jane@example.org";
const HOLD = { reason: "case 4711", from: undefined, to: undefined, person: undefined };

/** Some forty starts, each with files that must reach the disk, on whatever disk there is. */
const MANY_STARTS_MS = 480_000;

class Crash extends Error {}

/** A data directory with what is kept in it, and what works on it. */
interface Replica extends AsyncDisposable {
  readonly data: string;
  readonly ledger: OpenLedger;
  readonly ports: RetentionPorts;
  /** Records what Jane did. */
  meetJane(): Promise<void>;
  /** Names of the changes on its ledger. */
  changes(): Promise<readonly string[]>;
  knowsJane(): boolean;
}

/** `store` is what replicas share. */
async function openReplica(store: OpenDirectoryStore): Promise<Replica> {
  await using started = new AsyncDisposableStack();
  const data = mkdtempSync(join(tmpdir(), "orders-"));
  started.defer(() => rmSync(data, { recursive: true, force: true }));
  let clock = 1_790_000_000_000;
  const now = () => instant((clock += 1));
  const personal = started.use(new SqlitePersonalStore(personalFile(data), () => undefined));
  const directory = join(data, "ledger");
  const ledger = started.use(
    await openLedger({ directory, now, report: () => undefined, personal }),
  );
  const faults: string[] = [];
  const index = started.use(
    new LedgerThread(
      { index: indexPlace(data, undefined), dataDirectory: data, sinks: [] },
      (cause) => faults.push(cause),
    ),
  );
  const config = {
    dataDirectory: data,
    ledger: { signingKeyFile: "", headsEvery: 0 as never, headsTo: [], sinks: [] },
  };
  const { ports } = started.use(openRetention({ config, ledger, index, store, now }));
  const owned = started.move();
  return {
    data,
    ledger,
    ports,
    async meetJane() {
      await ledger.event({ ...EVENT, user: JANE, details: "Jane asked for her contract" });
    },
    async changes() {
      const entries = (await readLast(directory, 1_000)).map(({ entry }) => entry);
      return entries.flatMap((entry) => (entry.kind === "change" ? [entry.change] : []));
    },
    knowsJane: () => filesOf(data).some((file) => /jane|contract/i.test(file)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const EVENT = {
  id: "evt_j",
  tenant: TENANT,
  action: "mail",
  agent: undefined,
  session: undefined,
  upstream: undefined,
  tool: undefined,
  model: undefined,
  cost: undefined,
  flagged: false,
  reason: undefined,
  data: {},
  by: "k",
} as const;

/** Each as text, whatever is in it. */
function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
}

/** The process ends at the call number `at`: before what it does, or after. */
function dying(ports: RetentionPorts, at: number, when: "before" | "after"): RetentionPorts {
  let calls = 0;
  const mortal = <A extends unknown[], R>(work: (...args: A) => R | Promise<R>) =>
    async function die(...args: A): Promise<R> {
      calls += 1;
      if (calls === at && when === "before") throw new Crash();
      const done = await work(...args);
      if (calls === at) throw new Crash();
      return done;
    };
  const { ledger, people, store } = ports;
  return {
    ...ports,
    ledger: { healthy: true, change: mortal((change) => ledger.change(change)) },
    people: { ...people, erase: mortal((tenant, person) => people.erase(tenant, person)) },
    store: {
      get: (kind, name) => store.get(kind, name),
      list: (kind, query) => store.list(kind, query),
      write: mortal((...writes: Write[]) => store.write(...writes)),
    },
  };
}

async function shared(): Promise<OpenDirectoryStore & Disposable> {
  const files = mkdtempSync(join(tmpdir(), "orders-shared-"));
  const store = openSqliteDirectory(join(files, "directory.db"));
  return Object.assign(store, {
    [Symbol.dispose]: () => rmSync(files, { recursive: true, force: true }),
  });
}

const count = (changes: readonly string[], name: string): number =>
  changes.filter((change) => change === name).length;

describe("what every replica carries out", () => {
  it("is done at each, also at one that was away, and once on each ledger", async () => {
    using store = await shared();
    await using one = await openReplica(store);
    await using two = await openReplica(store);
    await one.meetJane();
    await two.meetJane();
    await carryOut(two.ports);

    const asked = await erasePerson(ALICE, JANE, "art. 17", one.ports);
    expect(asked).toMatchObject({ kind: "done" });
    const states = async (ports: RetentionPorts) => {
      const query = { tenant: TENANT, limit: 10 };
      const [standing] = await listStandings("erasure", query, ports);
      return standing?.replicas.map(({ isThis, state }) => ({ isThis, state }));
    };
    const atOne = await states(one.ports);
    expect(atOne).toContainEqual({ isThis: true, state: "erased" });
    expect(atOne).toContainEqual({ isThis: false, state: "pending" });
    expect([one.knowsJane(), two.knowsJane()]).toEqual([false, true]);

    await carryOut(two.ports);
    await carryOut(two.ports);
    await erasePerson(ALICE, JANE, "art. 17", two.ports);
    expect((await states(one.ports))?.map(({ state }) => state)).toEqual(["erased", "erased"]);
    expect(two.knowsJane()).toBe(false);
    for (const replica of [one, two]) {
      expect(count(await replica.changes(), "personal.erased")).toBe(1);
      // Nor do they come back with what they do next.
      await replica.meetJane();
      expect(replica.knowsJane()).toBe(false);
    }
  });

  it("reaches whoever knows nothing of the person, before they come there", async () => {
    using store = await shared();
    await using one = await openReplica(store);
    await using two = await openReplica(store);
    await carryOut(two.ports);
    await one.meetJane();
    await erasePerson(ALICE, JANE, "art. 17", one.ports);
    await carryOut(two.ports);
    await two.meetJane();
    expect(two.knowsJane()).toBe(false);
    expect(count(await two.changes(), "personal.erased")).toBe(1);
  });

  it("waits for a hold that came first at a replica, and is done after its release", async () => {
    using store = await shared();
    await using one = await openReplica(store);
    await using two = await openReplica(store);
    await two.meetJane();
    await carryOut(two.ports);
    await erasePerson(ALICE, JANE, "art. 17", one.ports);
    const held = await placeHold(ALICE, { ...HOLD, person: JANE }, one.ports);
    if (held.kind === "fault") throw new Error(held.fault.detail);
    await carryOut(two.ports);
    expect(two.knowsJane()).toBe(true);
    expect(await two.changes()).toEqual(["legal_hold.placed"]);
    await releaseHold(ALICE, held.value.order.id, one.ports);
    await carryOut(two.ports);
    expect(two.knowsJane()).toBe(false);
    expect((await two.changes()).toSorted()).toEqual([
      "legal_hold.placed",
      "legal_hold.released",
      "personal.erased",
    ]);
  });

  it.each(["before", "after"] as const)(
    "is neither forgotten nor repeated if the process ends %s any of its steps",
    { timeout: MANY_STARTS_MS },
    async (when) => {
      for (let at = 1, ended = false; !ended; at += 1) {
        expect(at).toBeLessThan(30);
        using store = await shared();
        await using one = await openReplica(store);
        await one.meetJane();
        const hold = await placeHold(ALICE, { ...HOLD, person: "bob" }, one.ports);
        if (hold.kind === "fault") throw new Error(hold.fault.detail);
        const mortal = dying(one.ports, at, when);
        try {
          await erasePerson(ALICE, JANE, "art. 17", mortal);
          await releaseHold(ALICE, hold.value.order.id, mortal);
          ended = true;
        } catch (error) {
          if (!(error instanceof Crash)) throw error;
        }
        // The next start; then whoever asked asks again.
        await carryOut(one.ports);
        await erasePerson(ALICE, JANE, "art. 17", one.ports);
        await releaseHold(ALICE, hold.value.order.id, one.ports);
        expect((await one.changes()).toSorted()).toEqual([
          "legal_hold.placed",
          "legal_hold.released",
          "personal.erased",
        ]);
        expect(one.knowsJane()).toBe(false);
      }
    },
  );

  it("is done by one process of a data directory at a time", async () => {
    using store = await shared();
    await using one = await openReplica(store);
    let inside: boolean | undefined;
    await one.ports.book.alone(async () => {
      inside = await carryOut(one.ports);
    });
    expect(inside).toBe(false);
    expect(await carryOut(one.ports)).toBe(true);
  });

  it("takes the name out of the sums of usage, and keeps the sums", async () => {
    using store = await shared();
    await using one = await openReplica(store);
    await one.meetJane();
    using people = new SqlitePersonalStore(personalFile(one.data), () => undefined);
    using usage = new SqliteUsageStore(
      usagePath({ dataDirectory: one.data }),
      (cause) => expect.fail(String(cause)),
      (tenant, user) => people.isErased(tenant, user),
    );
    const sums = (): unknown =>
      usage.report({ ...EVERY_DAY, tenant: TENANT, groups: ["user"], only: {}, max: 10 });
    usage.add({ ...CELL, user: JANE }, COUNTS);
    usage.add({ ...CELL, user: "" }, COUNTS);
    expect(sums()).toHaveLength(2);
    await erasePerson(ALICE, JANE, "art. 17", one.ports);
    expect(sums()).toMatchObject([{ cell: { user: "" }, counts: { calls: 2, nanoUsd: 14 } }]);
    usage.add({ ...CELL, user: JANE }, COUNTS);
    expect(sums()).toMatchObject([{ cell: { user: "" }, counts: { calls: 3 } }]);
    expect(one.knowsJane()).toBe(false);
  });
});

const EVERY_DAY = { from: "2026-01-01", to: "2026-12-31" };
const CELL = {
  tenant: "default",
  day: "2026-11-21",
  agent: "bot",
  team: "",
  upstream: "web",
  model: "",
  tool: "",
};
const COUNTS = {
  calls: 1,
  refused: 0,
  inputTokens: 1,
  outputTokens: 1,
  nanoUsd: 7,
  estimated: 0,
};
