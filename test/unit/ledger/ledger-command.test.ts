import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtempSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CommandFailure } from "../../../src/cli/command-failure.ts";
import { ledgerCommand } from "../../../src/cli/ledger/ledger.ts";
import { id, instant, millis } from "../../../src/core/units.ts";
import { openLedger } from "../../../src/stores/ledger/open-ledger.ts";
import { openSigningKey } from "../../../src/stores/ledger/signing-key.ts";
import { intentFacts, outcomeFacts } from "./ledger-facts.ts";

describe("sallyport ledger", () => {
  const data = mkdtempSync(join(tmpdir(), "ledger-command-"));
  let hash = "";

  /** What a command line prints, and the code it ends with. */
  async function run(...argv: string[]): Promise<{ out: string; code: number }> {
    let out = "";
    const shell = {
      environment: {},
      workingDirectory: data,
      out: (text: string) => void (out += text),
      err: () => {},
    };
    const signingKeyFile = join(data, "ledger-signing-key.pem");
    const ledgerConfig = { signingKeyFile, headsEvery: millis(60_000), headsTo: [], sinks: [] };
    const command = ledgerCommand(shell, () => ({
      dataDirectory: data,
      directoryUrl: undefined,
      store: { kind: "embedded" as const },
      ledger: ledgerConfig,
    }));
    command.exitOverride().configureOutput({ writeErr: () => {} });
    for (const inner of command.commands) inner.copyInheritedSettings(command);
    try {
      await command.parseAsync(argv, { from: "user" });
      return { out, code: 0 };
    } catch (error) {
      if (error instanceof CommandFailure) return { out, code: error.exitCode };
      throw error;
    }
  }

  beforeAll(async () => {
    let now = 1_790_000_000_000;
    const keyPath = join(data, "ledger-signing-key.pem");
    const signed = { key: openSigningKey(keyPath), keyPath, every: 60_000 };
    const heads = { ...signed, publish: () => {}, settle: async () => {} };
    const options = { now: () => instant((now += 1)), report: () => {}, heads };
    const ledger = await openLedger({ directory: join(data, "ledger"), ...options });
    const verdict = await ledger.intent(intentFacts("x_allowed"));
    if (verdict.kind === "pass") hash = verdict.value;
    await ledger.outcome(outcomeFacts("x_allowed", id(hash)));
    const outcome = { kind: "refused", code: "policy_denied", detail: "Ask for read." } as const;
    await ledger.outcome(outcomeFacts("x_denied", undefined, { outcome, usage: undefined }));
    await ledger.seal();
  });
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  it("tails the newest records, one line each", async () => {
    const { out } = await run("tail", "-n", "3");
    const [allowed, denied, seal] = out.trimEnd().split("\n");
    expect(allowed).toContain("x_allowed  completed 200, 1200 bytes after 412 ms, 0.000193800 USD");
    expect(denied).toContain("x_denied  refused: policy_denied after 412 ms  support-bot → openai");
    expect(seal).toContain("ended in order with 0 open intents");
  });

  it.each([["tail"], ["show", "x_allowed"], ["verify"]])(
    "says of %s that there is no ledger, rather than nothing",
    async (...argv) => {
      expect(await run(...argv, "--data", join(data, "elsewhere"))).toEqual({ out: "", code: 2 });
    },
  );

  it("tails whole records for programs", async () => {
    const { out } = await run("tail", "--json");
    const lines = out.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).record.kind)).toEqual([
      "segment",
      "boot",
      "change",
      "intent",
      "outcome",
      "outcome",
      "seal",
    ]);
  });

  it("shows an exchange as one account: who, what, why, money, findings", async () => {
    const { out } = await run("show", "x_allowed");
    expect(out.replaceAll(/20\d\d-\S+Z/gu, "<time>").replaceAll(/w_\w{26}/gu, "<writer>")).toBe(
      `exchange  x_allowed
asked     POST /v1/chat/completions of openai (openai)
by        support-bot (default, team crm), session s-1, known by api_key
action    chat gpt-4o-mini, streamed, at most 4096 tokens
decision  allow by models; marks untrusted
policy    ${"5".repeat(64)}
held      0.002500000 USD of llm-day until <time> (llm-day|support-bot|2026-11-21)
intent    <time>, seq 3 of <writer>, ${hash}
outcome   <time>, seq 4 of <writer>, ${JSON.parse((await run("show", "--json", "x_allowed")).out).outcome.hash}
          completed 200, 1200 bytes after 412 ms
borrowed  openai@2
cost      0.000193800 USD for gpt-4o-mini-2024-07-18: 812 input, 120 output (provider); price exact, genai-prices 0.1.8 1f3c
request   scanned, 1024 bytes
response  scanned, 1200 bytes
finding   redact pii.email (email), score 80, /messages/0/content 10–27, rule mail
`,
    );
  });

  it("shows why a refused exchange was refused, and that nothing was sent", async () => {
    const { out } = await run("show", "x_denied");
    expect(out).toContain("intent    none: nothing was sent");
    expect(out).toContain("Ask for read.");
  });

  it("says no to an exchange that nobody recorded", async () => {
    expect(await run("show", "x_nobody")).toEqual({ out: "", code: 1 });
  });

  it("verifies with 0, names tampering with 1, and cannot read with 2", async () => {
    const whole = await run("verify");
    expect(whole).toMatchObject({ code: 0 });
    expect(whole.out).toMatch(/^w_\w{26} {2}7 records in 1 file, ended in order\n {2}head w_/u);
    const head = /head (\S+)/u.exec(whole.out)?.[1] ?? "";
    expect(await run("verify", "--head", head)).toMatchObject({ code: 0 });
    const beyond = head.replace(":6:", ":7:");
    expect((await run("verify", "--head", beyond)).out).toContain("tail_cut");

    const [writer = ""] = head.split(":");
    const spare = mkdtempSync(join(tmpdir(), "ledger-command-"));
    expect(await run("verify", "--data", spare)).toEqual({ out: "", code: 2 });
    const options = { now: () => instant(1), report: () => {} };
    await (await openLedger({ directory: join(spare, "ledger"), ...options })).seal();
    const forged = join(spare, "ledger", writer);
    writeFileSync(forged, "a file where a chain's directory should be");
    expect(await run("verify", "--data", spare)).toMatchObject({ code: 2 });
    rmSync(spare, { recursive: true });
  });

  it("builds the index anew, and verifies it with the segments", async () => {
    expect((await run("reindex")).out).toMatch(/^\d+ records are in the index\n$/u);
    expect((await run("verify")).out).toMatch(
      /index: \d+ records compared with those of the segments\nwhole\n$/u,
    );
    {
      using index = new DatabaseSync(join(data, "ledger-index.db"));
      index.exec("UPDATE ledger_entry SET agent = 'nobody' WHERE kind = 'intent'");
    }
    const found = await run("verify");
    expect(found.code).toBe(1);
    expect(found.out).toMatch(/w_\w{26}:\d+: the index has it otherwise/u);
    expect((await run("verify", "--no-index")).code).toBe(0);
    await run("reindex");
    expect((await run("verify", "--json")).code).toBe(0);
  });

  it("keeps, removes and erases from the command line, each on the record", async () => {
    const held = await run("hold", "case 4711", "--from", "2026-01-01");
    expect(held.out).toMatch(/^hold_\w{26}\n$/u);
    expect((await run("holds")).out).toContain("command line: case 4711");
    expect(JSON.parse((await run("holds", "--json")).out)).toMatchObject([
      { id: held.out.trim(), reason: "case 4711", replicas: [{ this: true, state: "placed" }] },
    ]);
    expect(JSON.parse((await run("erasures", "--json")).out)).toEqual([]);
    const erase = ["erase", "jane@example.org", "--reason", "art. 17"];
    expect((await run(...erase)).code).toBe(1);
    expect((await run("release", held.out.trim())).code).toBe(0);
    const pruned = await run("prune", "--before", "2026-01-01", "--reason", "90 days");
    expect(pruned.out).toBe("0 records in 0 segments are removed; held: 0 segments\n");
    expect((await run("tail", "-n", "6")).out).toContain("legal_hold.released");
    expect((await run("verify")).code).toBe(0);
  });

  it("takes the signing key of the data directory that is named", async () => {
    const other = mkdtempSync(join(tmpdir(), "ledger-other-"));
    openSigningKey(join(other, "ledger-signing-key.pem"));
    const [own, theirs] = [await run("key"), await run("key", "--data", other)];
    expect(theirs.out).toMatch(/^-----BEGIN PUBLIC KEY/);
    expect(theirs.out).not.toBe(own.out);
    expect((await run("key", "--data", data)).out).toBe(own.out);
    expect((await run("rotate-key", "--data", other)).code).toBe(0);
    expect((await run("key", "--data", other)).out).not.toBe(theirs.out);
    expect((await run("key")).out).toBe(own.out);
    rmSync(other, { recursive: true, force: true });
  });

  it("refuses a head that is none", async () => {
    await expect(run("verify", "--head", "w_1:x:abc")).rejects.toThrow(/writer:seq:hash/u);
  });

  it("proves an exchange to whoever has the public key and nothing else", async () => {
    const away = mkdtempSync(join(tmpdir(), "ledger-proof-"));
    const [proof, key] = [join(away, "proof.jsonl"), join(away, "key.pem")];
    writeFileSync(key, (await run("key")).out);
    writeFileSync(proof, (await run("prove", "x_allowed")).out);
    const proven = await run("verify", "--proof", proof, "--key", key, "--data", away);
    expect(proven.code).toBe(0);
    expect(proven.out.trimEnd().split("\n")).toHaveLength(2);
    expect(proven.out).toMatch(/^record w_\w{26}:3 is proven, signed 2026/u);
    expect(await run("verify", "--key", key)).toMatchObject({ code: 0 });
    expect((await run("verify", "--key", key)).out).toContain("signatures checked");
    const forged = readFileSync(proof, "utf8").replace("gpt-4o-mini", "gpt-4o-maxi");
    writeFileSync(proof, forged);
    expect(await run("verify", "--proof", proof, "--key", key)).toMatchObject({ code: 1 });
    expect(await run("verify", "--proof", proof)).toMatchObject({ code: 2 });
    expect(await run("prove", "x_nobody")).toMatchObject({ code: 1 });
    rmSync(away, { recursive: true });
  });

  it("proves that the ledger only grew since a head was kept", async () => {
    const away = mkdtempSync(join(tmpdir(), "ledger-growth-"));
    const [kept, proof, key] = ["kept.jsonl", "proof.jsonl", "key.pem"].map((name) =>
      join(away, name),
    ) as [string, string, string];
    writeFileSync(key, (await run("key")).out);
    const [writer = ""] = readdirSync(join(data, "ledger"));
    writeFileSync(kept, readFileSync(join(data, "ledger", writer, "heads.jsonl"), "utf8"));
    writeFileSync(proof, (await run("prove", "--from", kept)).out);
    const proven = await run("verify", "--proof", proof, "--key", key, "--data", away);
    expect(proven.code).toBe(0);
    expect(proven.out).toMatch(/^what was signed 2026.* only grew until 2026/u);
    const forged = readFileSync(proof, "utf8").replace(/"root":"./u, '"root":"x');
    writeFileSync(proof, forged);
    expect((await run("verify", "--proof", proof, "--key", key)).code).not.toBe(0);
    writeFileSync(kept, "no head\n");
    expect(await run("prove", "--from", kept)).toMatchObject({ code: 2 });
    expect(await run("prove")).toMatchObject({ code: 2 });
    rmSync(away, { recursive: true });
  });

  it("exports records in four formats, signed, with nothing that runs", async () => {
    const away = mkdtempSync(join(tmpdir(), "ledger-export-"));
    const key = join(away, "key.pem");
    writeFileSync(key, (await run("key")).out);
    const written: Record<string, string> = {};
    for (const format of ["jsonl", "csv", "md", "html"]) {
      const file = join(away, `records.${format}`);
      expect(await run("export", "-o", file, "--kind", "outcome")).toMatchObject({ code: 0 });
      expect(await run("verify", "--export", file, "--key", key)).toMatchObject({ code: 0 });
      written[format] = readFileSync(file, "utf8");
      writeFileSync(file, `${written[format]} `);
      expect(await run("verify", "--export", file, "--key", key)).toMatchObject({ code: 1 });
    }
    const rows = (written["csv"] ?? "").trimEnd().split("\r\n");
    expect(rows).toHaveLength(3);
    expect(rows[1]).toMatch(
      /,outcome,x_allowed,support-bot,openai,chat gpt-4o-mini,allow,models,/u,
    );
    expect(
      written["jsonl"]
        ?.trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).record.exchange),
    ).toEqual(["x_allowed", "x_denied"]);
    expect(written["html"]).toContain("<td>x_denied</td>");
    expect(written["md"]).toContain("| x\\_denied |");
    const none = join(away, "none.csv");
    await run("export", "-o", none, "--agent", "nobody");
    expect(readFileSync(none, "utf8").trimEnd().split("\r\n")).toHaveLength(1);
    expect(await run("export", "-o", join(away, "x.pdf"))).toMatchObject({ code: 2 });
    rmSync(away, { recursive: true });
  });
});
