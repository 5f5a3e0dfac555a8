import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Principal } from "../../src/core/principal.ts";
import { id, instant } from "../../src/core/units.ts";
import {
  SESSION_CACHE_MAX,
  SESSION_FORGOTTEN_AFTER_MS,
  SESSION_RETRY_MS,
  SESSIONS_UNWRITTEN_MAX,
  SqliteSessionStore,
} from "../../src/stores/sqlite/session-store.ts";
import { newDirectory } from "../support/new-directory.ts";

const START = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const open: SqliteSessionStore[] = [];

afterEach(() => {
  for (const store of open.splice(0)) store[Symbol.dispose]();
});

const newPath = () => join(newDirectory(), "sessions.db");

function storeAt(path: string, shared = false, now = START): SqliteSessionStore {
  const store = new SqliteSessionStore({ path, shared, now: () => instant(now) });
  open.push(store);
  return store;
}

const principal = (session: string, agent = "bot", tenant = "default"): Principal => ({
  agent: id(agent),
  tenant: id(tenant),
  session: id(session),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "api_key",
});

/** Runs `during` while another connection holds the write lock. */
function lock(path: string, during: () => void): void {
  const holder = new DatabaseSync(path);
  holder.exec("BEGIN IMMEDIATE");
  during();
  holder.exec("ROLLBACK");
  holder.close();
}

describe("SqliteSessionStore", () => {
  it("knows no marks of a session it has not met", () => {
    expect(storeAt(newPath()).marks(principal("a"))).toEqual([]);
  });

  it("only adds marks, each once", () => {
    const store = storeAt(newPath());
    store.mark(principal("a"), ["untrusted"]);
    store.mark(principal("a"), ["pii", "untrusted"]);
    store.mark(principal("a"), []);
    expect(store.marks(principal("a"))).toEqual(["pii", "untrusted"]);
  });

  it("takes marks off where a person says so, also at the other connection", () => {
    const path = newPath();
    const [gate, desk] = [storeAt(path, true), storeAt(path, true)];
    gate.mark(principal("a"), ["untrusted", "pii"]);
    gate.mark(principal("b"), ["untrusted"]);
    expect(gate.marks(principal("a"))).toEqual(["pii", "untrusted"]);
    expect(desk.clear(principal("a"))).toEqual(["pii", "untrusted"]);
    expect([gate.marks(principal("a")), gate.marks(principal("b"))]).toEqual([[], ["untrusted"]]);
    gate.mark(principal("a"), ["pii"]);
    expect(desk.marks(principal("a"))).toEqual(["pii"]);
  });

  it("gives the same session one array, so that nothing is allocated per request", () => {
    const store = storeAt(newPath());
    store.mark(principal("a"), ["untrusted"]);
    expect(store.marks(principal("a"))).toBe(store.marks(principal("a")));
  });

  it("keeps sessions of the same name apart by agent and tenant", () => {
    const store = storeAt(newPath());
    store.mark(principal("a"), ["untrusted"]);
    expect(store.marks(principal("a", "other"))).toEqual([]);
    expect(store.marks(principal("a", "bot", "other"))).toEqual([]);
  });

  it("remembers across a restart", () => {
    const path = newPath();
    storeAt(path).mark(principal("a"), ["untrusted"]);
    expect(storeAt(path).marks(principal("a"))).toEqual(["untrusted"]);
  });

  it("remembers sessions that it no longer holds in memory", () => {
    const store = storeAt(newPath());
    store.mark(principal("first"), ["untrusted"]);
    for (let i = 0; i < SESSION_CACHE_MAX + 1; i += 1) store.marks(principal(`s${i}`));
    expect(store.marks(principal("first"))).toEqual(["untrusted"]);
  });

  it("sees at once what another process marked, also in a session it knew as clean", () => {
    const path = newPath();
    const store = storeAt(path, true);
    expect(store.marks(principal("a"))).toEqual([]);
    const module = new URL("../../src/stores/sqlite/session-store.ts", import.meta.url).href;
    const script = `
      const { SqliteSessionStore } = await import(${JSON.stringify(module)});
      const options = { path: process.env.FILE, shared: true, now: () => ${START} };
      const store = new SqliteSessionStore(options);
      store.mark(JSON.parse(process.env.WHO), ["untrusted"]);
      store[Symbol.dispose]();`;
    execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      env: { FILE: path, WHO: JSON.stringify(principal("a")) },
    });
    expect(store.marks(principal("a"))).toEqual(["untrusted"]);
    store.mark(principal("a"), ["pii"]);
    expect(store.marks(principal("a"))).toEqual(["pii", "untrusted"]);
  });

  it("forgets a session only when nothing has marked it for a long time", () => {
    const path = newPath();
    storeAt(path).mark(principal("old"), ["untrusted"]);
    storeAt(path).mark(principal("used"), ["untrusted"]);
    const later = START + SESSION_FORGOTTEN_AFTER_MS - DAY_MS;
    storeAt(path, false, later).mark(principal("used"), ["untrusted"]);

    const end = storeAt(path, false, START + SESSION_FORGOTTEN_AFTER_MS + DAY_MS);
    expect(end.marks(principal("old"))).toEqual([]);
    expect(end.marks(principal("used"))).toEqual(["untrusted"]);
  });

  it("throws, rather than call a session clean, when it cannot read", () => {
    const store = new SqliteSessionStore({
      path: newPath(),
      shared: false,
      now: () => instant(START),
    });
    store[Symbol.dispose]();
    expect(() => store.marks(principal("a"))).toThrow(/finalized|not open/u);
  });

  it("has a mark in force although the disk refused it", () => {
    const store = new SqliteSessionStore({
      path: newPath(),
      shared: false,
      now: () => instant(START),
    });
    expect(store.marks(principal("a"))).toEqual([]);
    store[Symbol.dispose]();
    expect(() => store.mark(principal("a"), ["untrusted"])).toThrow();
    expect(store.marks(principal("a"))).toEqual(["untrusted"]);
  });

  it("keeps what a locked disk refused until it is written, whatever others write meanwhile", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const path = newPath();
      const store = storeAt(path, true);
      const other = storeAt(path, true);
      lock(path, () => {
        expect(() => store.mark(principal("a"), ["untrusted"])).toThrow(/locked/u);
        vi.advanceTimersByTime(SESSION_RETRY_MS);
        expect(other.marks(principal("a"))).toEqual([]);
      });
      other.mark(principal("b"), ["pii"]);
      expect(store.marks(principal("a"))).toEqual(["untrusted"]);

      vi.advanceTimersByTime(SESSION_RETRY_MS);
      expect(other.marks(principal("a"))).toEqual(["untrusted"]);
      expect(storeAt(path).marks(principal("a"))).toEqual(["untrusted"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("writes what it still owes when it is closed", () => {
    const path = newPath();
    const store = new SqliteSessionStore({ path, shared: false, now: () => instant(START) });
    lock(path, () => expect(() => store.mark(principal("a"), ["untrusted"])).toThrow(/locked/u));
    store[Symbol.dispose]();
    expect(storeAt(path).marks(principal("a"))).toEqual(["untrusted"]);
  });

  it("refuses every session, rather than forget one, when the disk refuses for too long", () => {
    const path = newPath();
    const store = new SqliteSessionStore({ path, shared: false, now: () => instant(START) });
    store[Symbol.dispose]();
    for (let i = 0; i < SESSIONS_UNWRITTEN_MAX; i += 1) {
      expect(() => store.mark(principal(`s${i}`), ["untrusted"])).toThrow();
    }
    expect(() => store.marks(principal("s0"))).toThrow(/too many sessions/u);
  });

  it("agrees with a plain map of sets, whatever is marked in whatever order", () => {
    const session = fc.constantFrom("a", "b", "c\nd", "");
    const marks = fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(session, marks), { maxLength: 20 }), (steps) => {
        const path = newPath();
        const model = new Map<string, Set<string>>();
        const store = new SqliteSessionStore({ path, shared: true, now: () => instant(START) });
        for (const [name, added] of steps) {
          store.mark(principal(name), added);
          for (const mark of added) model.set(name, (model.get(name) ?? new Set()).add(mark));
          expect(store.marks(principal(name))).toEqual([...(model.get(name) ?? [])].toSorted());
        }
        store[Symbol.dispose]();
        const again = new SqliteSessionStore({ path, shared: false, now: () => instant(START) });
        for (const [name, set] of model) {
          expect(again.marks(principal(name))).toEqual([...set].toSorted());
        }
        again[Symbol.dispose]();
      }),
      { numRuns: 30 },
    );
  });
});
