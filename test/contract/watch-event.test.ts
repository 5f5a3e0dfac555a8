/** What a report's watch tells, from a real record, and how often it looks there. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EVERYBODY, type Caller } from "../../src/core/identity/caller.ts";
import type { LedgerIndex } from "../../src/core/ledger/ledger-index.ts";
import { id, instant, nanoUsd } from "../../src/core/units.ts";
import { recordEvent } from "../../src/operations/records/record-event.ts";
import {
  createEventWatch,
  LOOK_MS,
  type EventWatch,
  type WatchedDeed,
} from "../../src/operations/records/watch-event.ts";
import {
  openLedgerIndex,
  type OpenLedgerIndex,
} from "../../src/stores/ledger-index/open-ledger-index.ts";
import type { OpenLedger } from "../../src/stores/ledger/open-ledger.ts";
import { TestLedger } from "./ledger-fixture.ts";

const DAY_MS = 86_400_000;

let open: AsyncDisposableStack;
let now = 1_790_000_000_000;
let looks = 0;
let ledger: OpenLedger;
let stored: OpenLedgerIndex;
let watch: EventWatch;

beforeEach(async () => {
  open = new AsyncDisposableStack();
  looks = 0;
  const files = open.use(new TestLedger());
  const directory = mkdtempSync(join(tmpdir(), "sallyport-watch-"));
  open.defer(() => rmSync(directory, { recursive: true, force: true }));
  ledger = open.use(await files.open({ now: () => instant(now) }));
  stored = open.use(
    await openLedgerIndex({
      ledger: files.directory,
      personalFile: join(directory, "personal.db"),
      file: join(directory, "index.db"),
      url: undefined,
    }),
  );
  watch = newWatch();
});
afterEach(() => open.disposeAsync());

const clock = () => instant(now);

function newWatch(): EventWatch {
  const index: LedgerIndex = {
    find: (tenant, name) => stored.find(tenant, name),
    arrivals: (query) => stored.arrivals(query),
    page: async (query) => {
      looks += 1;
      await stored.feed();
      return stored.page(query);
    },
    tally: async (query) => {
      looks += 1;
      await stored.feed();
      return stored.tally(query);
    },
  };
  return createEventWatch({ index, now: clock });
}

const deed = (more: Partial<WatchedDeed> = {}): WatchedDeed => {
  return { agent: "bot", tool: undefined, cost: undefined, ...more };
};

async function put(one: WatchedDeed): Promise<void> {
  const wish = {
    ...one,
    action: "act",
    session: undefined,
    user: undefined,
    upstream: undefined,
    model: undefined,
    flagged: false,
    reason: undefined,
    details: undefined,
    data: {},
  };
  const recorded = await recordEvent(EVERYBODY, wish, { ledger, now: clock });
  expect(recorded.kind).toBe("done");
}

async function reasons(one: WatchedDeed, by: EventWatch = watch): Promise<readonly string[]> {
  const looked = await by.look(EVERYBODY, one);
  if (looked.kind === "fault") throw new Error(looked.fault.detail);
  return looked.value;
}

async function report(one: WatchedDeed): Promise<readonly string[]> {
  const found = await reasons(one);
  await put(one);
  watch.recorded(EVERYBODY, one);
  return found;
}

describe("the watch over reports", () => {
  it("counts what is reported without looking at the record each time", async () => {
    const found: (readonly string[])[] = [];
    for (let i = 0; i < 62; i += 1) found.push(await report(deed()));
    expect(found.findIndex((one) => one.length > 0)).toBe(60);
    expect(found[61]).toEqual([expect.stringMatching(/^rapid fire/)]);
    expect(looks).toBe(1);
  });

  it("sees what others put on the record with its next look", async () => {
    expect(await report(deed())).toEqual([]);
    for (let i = 0; i < 60; i += 1) await put(deed());
    expect(await reasons(deed())).toEqual([]);
    now += LOOK_MS;
    expect(await reasons(deed())).toEqual([expect.stringMatching(/^rapid fire/)]);
    now += 60_001;
    expect(await reasons(deed())).toEqual([]);
  });

  it("flags a tool of which the record knows nothing, until it is on the record", async () => {
    for (let i = 0; i < 20; i += 1) expect(await report(deed({ tool: "crm" }))).toEqual([]);
    const unusual = [expect.stringMatching(/^unusual tool: bank/)];
    expect(await reasons(deed({ tool: "bank" }))).toEqual(unusual);
    expect(await report(deed({ tool: "bank" }))).toEqual(unusual);
    expect(await report(deed({ tool: "bank" }))).toEqual([]);
    now += 31 * DAY_MS;
    for (let i = 0; i < 20; i += 1) await report(deed({ tool: "crm" }));
    expect(await reasons(deed({ tool: "bank" }))).toEqual(unusual);
  });

  it("looks at nothing for an agent that tells of another's deeds", async () => {
    const other: Caller = { ...EVERYBODY, role: "agent", agent: id("other") };
    const dear = deed({ cost: nanoUsd(200_000_000_000) });
    expect(await watch.look(other, dear)).toEqual({ kind: "done", value: [] });
    expect(looks).toBe(0);
  });

  it("tells the same as one that never looked before", async () => {
    const step = fc.record({
      tool: fc.constantFrom(undefined, "a", "b", "c"),
      dollars: fc.constantFrom(0, 100, 101),
      wait: fc.constantFrom(0, 0, 0, LOOK_MS, 61_000, 15 * DAY_MS),
      agent: fc.constantFrom("left", "right"),
    });
    const runs = fc.array(step, { minLength: 30, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(runs, async (steps) => {
        for (const { tool, dollars, wait, agent } of steps) {
          now += wait;
          const one = deed({ agent, tool, cost: nanoUsd(dollars * 1_000_000_000) });
          const fresh = await reasons(one, newWatch());
          expect(await report(one)).toEqual(fresh);
        }
      }),
      { numRuns: 5 },
    );
  });
});
