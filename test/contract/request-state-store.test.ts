import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { id, instant, type Digest, type ReviewId } from "../../src/core/units.ts";
import { SqliteRequestStates } from "../../src/stores/sqlite/request-state-store.ts";

let directory: string;
let time = 1_800_000_000_000;
const now = () => instant(time);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-states-"));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe("a state that a server gave out", () => {
  it("may come back with its call, in every process and after a restart, and with no other", () => {
    const path = join(directory, "shared.db");
    {
      using one = new SqliteRequestStates(path, now);
      using other = new SqliteRequestStates(path, now);
      one.give("state", "ada");
      for (const store of [one, other]) {
        expect(store.mayBring("state", "ada")).toBe(true);
        expect(store.mayBring("state", "mal")).toBe(false);
      }
    }
    using again = new SqliteRequestStates(path, now);
    expect(again.mayBring("state", "mal")).toBe(false);
  });

  it("is everybody's to whom its server gave the same one", () => {
    using store = new SqliteRequestStates(join(directory, "same.db"), now);
    store.give("step 2", "ada");
    store.give("step 2", "bob");
    store.give("step 2", "ada");
    expect(["ada", "bob", "mal"].map((call) => store.mayBring("step 2", call))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("is for its server to judge where it is unknown, or older than a day", () => {
    const path = join(directory, "old.db");
    using store = new SqliteRequestStates(path, now);
    expect(store.mayBring("of another gate", "mal")).toBe(true);
    store.give("old", "ada");
    time += 86_400_001;
    using next = new SqliteRequestStates(path, now);
    next.give("new", "ada");
    expect(next.mayBring("old", "mal")).toBe(true);
    expect(next.mayBring("new", "mal")).toBe(false);
  });

  it("carries the approval of its call once, in whatever process, and for no other call", () => {
    const path = join(directory, "carried.db");
    using one = new SqliteRequestStates(path, now);
    using other = new SqliteRequestStates(path, now);
    const approval = { review: id<ReviewId>("rev_1"), policy: id<Digest>("p") };
    one.give("state", "ada", approval);
    one.give("plain", "ada");
    expect(other.carry("state", "mal")).toBeUndefined();
    expect(other.carry("plain", "ada")).toBeUndefined();
    expect(other.carry("state", "ada")).toEqual(approval);
    for (const store of [one, other]) expect(store.carry("state", "ada")).toBeUndefined();
    expect(one.mayBring("state", "ada")).toBe(true);
    one.give("state", "ada", approval);
    one.give("state", "ada");
    expect(other.carry("state", "ada")).toBeUndefined();
  });

  it("is nobody's where the disk cannot say whose", () => {
    using store = new SqliteRequestStates(join(directory, "missing", "states.db"), now);
    store.give("state", "ada");
    expect(store.mayBring("state", "ada")).toBe(false);
  });
});
