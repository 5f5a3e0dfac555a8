import { writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { id, instant, type AgentId, type TenantId } from "../../../src/core/units.ts";
import { changeDirectory } from "../../../src/operations/identity/change-directory.ts";
import { flawOf, parseProof } from "../../../src/core/ledger/record-proof.ts";
import { headText, parseHead } from "../../../src/core/ledger/tree-head.ts";
import { flawOfExport } from "../../../src/stores/ledger/export-records.ts";
import { readPublicKey } from "../../../src/stores/ledger/signing-key.ts";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";
import { intentFacts, outcomeFacts } from "../ledger/ledger-facts.ts";

describe("the record over the native API", () => {
  let fixture: NativeFixture;
  let agentKey = "";
  let auditorKey = "";

  beforeAll(async () => {
    fixture = await openNativeFixture();
    const { ledger } = fixture;
    for (const n of [1, 2, 3]) {
      const opened = await ledger.intent(intentFacts(`exc_${n}`));
      if (opened.kind === "halt") throw new Error(opened.refusal.code);
      await ledger.outcome(outcomeFacts(`exc_${n}`, opened.value));
    }
    await fixture.ask("POST", "/core/v1/agents", { body: { name: "mailer" } });
    const keys = [
      { name: "m", agent: "mailer" },
      { name: "a", role: "auditor" },
    ];
    [agentKey = "", auditorKey = ""] = await Promise.all(
      keys.map(async (body) => (await fixture.ask("POST", "/core/v1/keys", { body })).json.key),
    );
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it("takes an outside event and shows it at once, with what was told", async () => {
    const body = {
      action: "send_email",
      agent: "mailer",
      tool: "gmail",
      cost_usd: "0.25",
      flagged: true,
      details: "Minutes of the meeting",
      data: { recipients: 3 },
    };
    const made = await fixture.ask("POST", "/core/v1/ledger/entries", { body });
    expect(made.status).toBe(201);
    const { items } = (await fixture.ask("GET", `/core/v1/ledger/${made.json.id}`)).json;
    expect(items).toMatchObject([
      {
        kind: "event",
        agent: "mailer",
        tool: "gmail",
        cost_usd: "0.250000000",
        flagged: true,
        details: "Minutes of the meeting",
        record: { event: { details: expect.stringMatching(/^per_/), data: { recipients: 3 } } },
      },
    ]);
  });

  it("forgets a person and keeps what a hold is about, and says both on the record", async () => {
    const body = { action: "call", user: "jane@example.org", details: "about her contract" };
    await fixture.ask("POST", "/core/v1/ledger/entries", { body });
    const erase = { person: "jane@example.org", reason: "art. 17" };
    const hold = await fixture.ask("POST", "/core/v1/ledger/holds", { body: { reason: "case 1" } });
    const held = await fixture.ask("POST", "/core/v1/ledger/erasures", { body: erase });
    expect(held).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining("case 1") },
    });
    await fixture.ask("DELETE", `/core/v1/ledger/holds/${hold.json.id}`);
    const erased = await fixture.ask("POST", "/core/v1/ledger/erasures", { body: erase });
    expect(erased.json.tokens).toHaveLength(2);
    const jane = await fixture.ask("GET", "/core/v1/ledger?user=jane@example.org");
    expect(jane.json.items).toEqual([]);
    const text = await fixture.ask("GET", "/core/v1/ledger?text=contract");
    expect(text.json.items).toEqual([]);
    const changes = (await fixture.ask("GET", "/core/v1/ledger?kind=change&limit=3")).json.items;
    expect(changes.map((item: { action: string }) => item.action)).toEqual([
      "personal.erased",
      "legal_hold.released",
      "legal_hold.placed",
    ]);
    const old = { before: "2026-01-01T00:00:00Z", reason: "90 days" };
    const removed = await fixture.ask("POST", "/core/v1/ledger/removals", { body: old });
    expect(removed.json).toEqual({ segments: 0, records: 0, kept: 0 });
  });

  it("lets an agent tell of its own deeds only, and see no others", async () => {
    const tell = (agent: string) =>
      fixture.ask("POST", "/core/v1/ledger/entries", {
        key: agentKey,
        body: { action: "a", agent },
      });
    expect((await tell("mailer")).status).toBe(201);
    expect((await tell("support-bot")).status).toBe(403);
    const { items } = (await fixture.ask("GET", "/core/v1/ledger", { key: agentKey })).json;
    expect(new Set(items.map((item: { agent: string }) => item.agent))).toEqual(
      new Set(["mailer"]),
    );
    const other = await fixture.ask("GET", "/core/v1/ledger/exc_1", { key: agentKey });
    expect(other.status).toBe(404);
    const asked = await fixture.ask("GET", "/core/v1/ledger?agent=support-bot", { key: agentKey });
    expect(asked.json.items.every((item: { agent: string }) => item.agent === "mailer")).toBe(true);
  });

  it("shows a change in another tenant to that tenant alone", async () => {
    const entry = {
      kind: "agent",
      id: "acme/bot",
      tenant: id<TenantId>("acme"),
      createdAt: instant(1),
      body: {
        name: id<AgentId>("bot"),
        team: undefined,
        user: undefined,
        tags: {},
        clearance: 1,
        description: undefined,
        active: true,
        subjects: [],
      },
    } as const;
    const change = { change: "agent.created", about: "acme/bot", by: "a", detail: {} };
    await changeDirectory(change, [{ kind: "put", expect: "absent", entry }], fixture.ports);
    const { items } = (await fixture.ask("GET", "/core/v1/ledger?text=acme/bot")).json;
    expect(items).toEqual([]);
    const changes = await fixture.changes();
    expect(changes.at(-1)?.entry).toMatchObject({ about: "acme/bot", detail: { tenant: "acme" } });
  });

  it("pages through what a filter leaves, newest first", async () => {
    const url = "/core/v1/ledger?kind=outcome&agent=support-bot&limit=2";
    const first = (await fixture.ask("GET", url)).json;
    expect(first.items.map((item: { exchange: string }) => item.exchange)).toEqual([
      "exc_3",
      "exc_2",
    ]);
    const rest = (await fixture.ask("GET", `${url}&after=${first.next}`)).json;
    expect(rest).toMatchObject({ items: [{ exchange: "exc_1", cost_usd: "0.000193800" }] });
    expect(rest.next).toBeUndefined();
  });

  it("adds up by agent and day, and says which groups there are", async () => {
    const { items } = (await fixture.ask("GET", "/core/v1/ledger/totals?kind=outcome&by=agent"))
      .json;
    expect(items).toEqual([
      { agent: "support-bot", count: 3, flagged: 3, cost_usd: "0.000581400" },
    ]);
    const wrong = await fixture.ask("GET", "/core/v1/ledger/totals?by=mood");
    expect(wrong.json).toMatchObject({ status: 400, errors: [{ pointer: "/querystring/by" }] });
  });

  it("proves an exchange to an auditor against a head that is signed for it", async () => {
    const url = "/core/v1/ledger/exc_2/proof";
    const { items } = (await fixture.ask("GET", url, { key: auditorKey })).json;
    const { json } = await fixture.ask("GET", "/core/v1/ledger/heads", { key: auditorKey });
    const key = readPublicKey(json.public_key);
    const [head] = json.items.map(parseHead);
    expect(key.verifies(headText(head), head.signature)).toBe(true);
    const proofs = items.map(parseProof);
    expect(proofs).toHaveLength(2);
    for (const proof of proofs) {
      expect(flawOf(proof)).toBeUndefined();
      expect(key.verifies(headText(proof.head), proof.head.signature)).toBe(true);
    }
    const unknown = await fixture.ask("GET", "/core/v1/ledger/exc_9/proof", { key: auditorKey });
    expect(unknown.status).toBe(404);
  });

  it("exports a signed file that verifies, of one agent and kind", async () => {
    const url = "/core/v1/ledger/export?format=csv&agent=support-bot&kind=outcome";
    const { headers, text } = await fixture.ask("GET", url, { key: auditorKey });
    expect(text.trimEnd().split("\r\n")).toHaveLength(4);
    const directory = mkdtempSync(join(tmpdir(), "sallyport-export-"));
    try {
      const path = join(directory, "ledger.csv");
      writeFileSync(path, text);
      writeFileSync(`${path}.sig`, String(headers["sallyport-signature"]));
      const { json } = await fixture.ask("GET", "/core/v1/ledger/heads");
      expect(flawOfExport(path, [readPublicKey(json.public_key)])).toBeUndefined();
      writeFileSync(path, text.replace("support-bot", "another-bot"));
      expect(flawOfExport(path, [readPublicKey(json.public_key)])).toContain("not the one");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("streams what is recorded, and goes on where a reader left off", async () => {
    const tell = async (action: string): Promise<void> => {
      await fixture.ask("POST", "/core/v1/ledger/entries", { body: { action } });
    };
    const [first] = await Promise.all([
      fixture.ask("GET", "/core/v1/events?kind=event"),
      tell("seen_live"),
    ]);
    expect(first.headers["content-type"]).toContain("text/event-stream");
    const start = [...first.text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? "no place";
    await tell("missed_meanwhile");
    const headers = { "last-event-id": start };
    const again = eventsIn(
      (await fixture.ask("GET", "/core/v1/events?kind=event", { headers })).text,
    );
    expect(again.map(({ data }) => data.action)).toContain("missed_meanwhile");
    expect(again.map(({ id }) => id)).not.toContain(start);
  });

  it("says where to go on before anything was recorded, and takes no other place", async () => {
    const quiet = await fixture.ask("GET", "/core/v1/events?kind=recovered");
    expect(quiet.text).toMatch(/^: sallyport\n\nid: \d+\.\d+\n\n/);
    const ask = (query: string, last?: string) =>
      fixture.ask("GET", `/core/v1/events${query}`, {
        headers: last === undefined ? {} : { "last-event-id": last },
      });
    for (const asked of [ask("?after=nowhere"), ask("", "nowhere"), ask("?kind=nothing")]) {
      expect((await asked).json).toMatchObject({ status: 400, code: "invalid" });
    }
  });
});

function eventsIn(text: string): { id: string; data: { action: string } }[] {
  return [...text.matchAll(/^id: (\S+)\nevent: \S+\ndata: (.+)$/gm)].map(
    ([, id = "", data = ""]) => ({
      id,
      data: JSON.parse(data),
    }),
  );
}
