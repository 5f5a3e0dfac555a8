/** One suite for the index on both databases, each a real one, fed from real segments. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DatabaseSync } from "node:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import {
  DEEDS,
  everythingOf,
  type LedgerFilter,
  type LedgerQuery,
} from "../../src/core/ledger/ledger-index.ts";
import type { ReportedEvent } from "../../src/core/ledger/entry.ts";
import { id, instant, nanoUsd, type TenantId } from "../../src/core/units.ts";
import type { IndexPlace } from "../../src/stores/ledger-index/index-place.ts";
import {
  openLedgerIndex,
  type OpenLedgerIndex,
} from "../../src/stores/ledger-index/open-ledger-index.ts";
import { startPostgres } from "../support/postgres-server.ts";
import { intentFacts, outcomeFacts } from "../unit/ledger/ledger-facts.ts";
import { acknowledged, record, SMALL, TestLedger } from "./ledger-fixture.ts";

const TENANT: TenantId = id("default");

export const EVENT: ReportedEvent = {
  id: "evt_1",
  tenant: TENANT,
  action: "send_email",
  agent: "mailer",
  session: "s-9",
  user: undefined,
  upstream: undefined,
  tool: "gmail",
  model: undefined,
  cost: nanoUsd(250_000_000),
  flagged: true,
  reason: "spend",
  details: "To the whole house",
  data: { recipients: 40 },
  by: "key_1",
};

const cleanups = new AsyncDisposableStack();
afterAll(() => cleanups.disposeAsync());

const places: Record<string, () => Promise<{ file: string; url: string | undefined }>> = {
  SQLite: async () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-index-"));
    cleanups.defer(() => rmSync(directory, { recursive: true, force: true }));
    return { file: join(directory, "index.db"), url: undefined };
  },
  PostgreSQL: async () => ({ file: "", url: cleanups.use(await startPostgres()).url }),
};

function query(changes: Partial<LedgerQuery> = {}): LedgerQuery {
  return { ...everythingOf(TENANT), order: "newest", after: undefined, limit: 100, ...changes };
}

describe.each(Object.entries(places))("the index on %s", (_name, prepare) => {
  let place: IndexPlace;
  let index: OpenLedgerIndex;
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = cleanups.use(new TestLedger());
    {
      await using chain = await ledger.open({ limits: SMALL });
      await record(chain, 20);
      await chain.event(EVENT);
      const opened = await acknowledged(chain, "x_refused");
      await chain.outcome(
        outcomeFacts("x_refused", opened, {
          findings: [],
          usage: undefined,
          outcome: { kind: "refused", code: "budget_exceeded", detail: "no" },
        }),
      );
      await chain.outcome(
        intentFacts("x_other", {
          principal: { ...PRINCIPAL, tenant: id("acme"), agent: id("acme-bot") },
          outcome: { kind: "refused", code: "policy_denied", detail: "no" },
        }),
      );
      await chain.change({ change: "agent.created", about: "bot", by: "alice", detail: { a: 1 } });
    }
    place = {
      ledger: ledger.directory,
      personalFile: join(ledger.directory, "personal.db"),
      ...(await prepare()),
    };
    index = cleanups.use(await openLedgerIndex(place));
    await index.feed();
  }, 120_000);

  const count = async (changes: Partial<LedgerFilter>): Promise<number> =>
    (await index.page(query(changes))).records.length;

  it("has each record once, as its segment has it", async () => {
    const entries = await ledger.entries();
    for await (const report of index.compare()) {
      expect(report).toMatchObject({ records: entries.length, differences: [] });
    }
    expect(await index.feed()).toEqual({ records: 0, complete: true });
  });

  it("tells of an outcome what its intent asked", async () => {
    const [newest] = (await index.page(query({ only: { outcome: ["completed"] } }))).records;
    expect(newest).toMatchObject({
      agent: "support-bot",
      upstream: "openai",
      action: "llm",
      effect: "allow",
      cost: 193_800,
      flagged: true,
      score: 80,
    });
  });

  it("leaves what every filter wants", async () => {
    expect(await count({ only: { kind: [...DEEDS] } })).toBe(22);
    expect(await count({ only: { agent: ["mailer"] } })).toBe(1);
    expect(await count({ only: { tool: ["gmail"], session: ["s-9"] } })).toBe(1);
    expect(await count({ only: { code: ["budget_exceeded"] } })).toBe(1);
    expect(await count({ only: { action: ["agent.created"] } })).toBe(1);
    expect(await count({ flagged: true, only: { kind: [...DEEDS] } })).toBe(21);
    expect(await count({ scoreMin: 81 })).toBe(0);
    expect(await count({ text: "WHOLE house" })).toBe(1);
    expect(await count({ text: "%" })).toBe(0);
    const { records } = await index.page(query({ only: { agent: ["mailer"] } }));
    const at = records[0]?.at ?? instant(0);
    expect(await count({ from: at, to: instant(at + 1), only: { kind: ["event"] } })).toBe(1);
    expect(await count({ from: instant(at + 1), only: { kind: ["event"] } })).toBe(0);
  });

  it("shows a tenant its own records only", async () => {
    const other = await index.page(query({ tenant: id("acme") }));
    expect(other.records.map(({ agent }) => agent)).toEqual(["acme-bot"]);
    expect(await index.find(id("acme"), "x_00001")).toEqual([]);
  });

  it.each(["newest", "oldest"] as const)(
    "pages %s first, without gap or repetition",
    async (order) => {
      const all = (await index.page(query({ order }))).records;
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await index.page(query({ order, after, limit: 7 }));
        seen.push(...page.records.map(({ seq }) => String(seq)));
        after = page.next;
      } while (after !== undefined);
      expect(seen).toEqual(all.map(({ seq }) => String(seq)));
      const times = all.map(({ at }) => at);
      expect(times).toEqual(times.toSorted((a, b) => (order === "newest" ? b - a : a - b)));
    },
  );

  it("finds a record by its place, and all of an exchange or an event by its id", async () => {
    const [event] = await index.find(TENANT, "evt_1");
    expect(event).toMatchObject({ kind: "event", tool: "gmail", cost: 250_000_000 });
    expect(await index.find(TENANT, `${event?.writer}:${event?.seq}`)).toEqual([event]);
    const kinds = (await index.find(TENANT, "x_00001")).map(({ kind }) => kind);
    expect(kinds).toEqual(["intent", "outcome"]);
    expect(await index.find(TENANT, "nothing")).toEqual([]);
  });

  it("adds up by agent, tool and day", async () => {
    const rows = await index.tally({
      ...everythingOf(TENANT),
      only: { kind: [...DEEDS] },
      groups: ["day", "agent", "tool"],
      max: 10,
    });
    expect(rows).toEqual([
      {
        cell: { day: "2026-09-21", agent: "support-bot" },
        count: 21,
        flagged: 20,
        cost: 3_876_000,
      },
      {
        cell: { day: "2026-09-21", agent: "mailer", tool: "gmail" },
        count: 1,
        flagged: 1,
        cost: 250_000_000,
      },
    ]);
    const [sum] = await index.tally({ ...everythingOf(TENANT), groups: [], max: 1 });
    expect(sum?.cost).toBe(253_876_000);
  });

  it("tells of arrivals from a cursor on, also after it was built anew", async () => {
    const { cursor, records } = await index.arrivals({
      tenant: TENANT,
      after: undefined,
      limit: 9,
    });
    expect(records).toEqual([]);
    await using chain = await ledger.open();
    await chain.event({ ...EVENT, id: "evt_2" });
    await index.feed();
    const news = await index.arrivals({ tenant: TENANT, after: cursor, limit: 9 });
    expect(news.records.at(-1)).toMatchObject({ subject: "evt_2" });
    await index.rebuild(() => undefined);
    const again = await index.arrivals({ tenant: TENANT, after: cursor, limit: 500 });
    expect(again.records.map(({ subject }) => subject)).toContain("evt_2");
    expect(await index.find(TENANT, "evt_1")).toHaveLength(1);
  });

  it("is fed by two at once without counting anything twice", async () => {
    await using other = await openLedgerIndex(place);
    await using chain = await ledger.open();
    await record(chain, 30);
    await Promise.all([index.feed(), other.feed()]);
    for await (const { differences } of index.compare()) expect(differences).toEqual([]);
    const [sum] = await index.tally({ ...everythingOf(TENANT), groups: ["kind"], max: 1 });
    const intents = (await ledger.entries()).filter(({ kind }) => kind === "intent");
    expect(sum?.count).toBe(intents.length);
  });
});

describe("an index that was changed by hand", () => {
  it("is told from the segments, and mended by building it anew", async () => {
    using ledger = new TestLedger();
    {
      await using chain = await ledger.open();
      await record(chain, 5);
    }
    const file = join(ledger.directory, "index.db");
    const personalFile = join(ledger.directory, "personal.db");
    const place = { ledger: ledger.directory, file, personalFile, url: undefined };
    await using index = await openLedgerIndex(place);
    await index.feed();
    using database = new DatabaseSync(file);
    database.exec("UPDATE ledger_entry SET agent = 'somebody-else' WHERE seq = 3");
    database.exec("UPDATE ledger_record SET record = '{}' WHERE position = 5");
    database.exec("DELETE FROM ledger_entry WHERE seq = 6");
    const found = async () => {
      for await (const { differences } of index.compare()) return differences;
      return undefined;
    };
    expect(await found()).toEqual([
      { seq: 3, kind: "different" },
      { seq: 4, kind: "different" },
      { seq: 6, kind: "missing" },
    ]);
    await index.rebuild(() => undefined);
    expect(await found()).toEqual([]);
  });
});

const PRINCIPAL = {
  agent: id<never>("x"),
  session: id<never>("s"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "api_key",
} as const;
