import { createPublicKey, verify } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instant } from "../../../src/core/units.ts";
import { canonicalJson } from "../../../src/lib/canonical-json.ts";
import { generateSigningKey } from "../../support/signing-keys.ts";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";
import { intentFacts, outcomeFacts, UPSTREAM } from "../ledger/ledger-facts.ts";
import { principal, tool } from "../policy/policy-fixture.ts";

const TEXT = `version: 1
agents: [bot]
rules:
  - { id: pay, tools: [pay.*], when: args.amount < 50, effect: allow }
  - { id: late, tools: [pay.*], when: args.at == "night", effect: deny, severity: high }
  - { id: never, tools: [pay.refund], effect: deny }
`;

describe("decisions", () => {
  let fixture: NativeFixture;
  const get = (exchange: string) => fixture.ask("GET", `/core/v1/decisions/${exchange}`);
  const check = async (decision: unknown) =>
    (await fixture.ask("POST", "/core/v1/decisions/verify", { body: { decision } })).json;

  beforeAll(async () => {
    fixture = await openNativeFixture();
    const body = { files: [{ name: "pay.yaml", text: TEXT }], activate: true };
    await fixture.ask("POST", "/core/v1/policies/bundles/pay/versions", { body });
    const { json } = await fixture.ask("GET", "/core/v1/policies");
    const action = tool("pay.send", { amount: 20 });
    const terms = { charges: [], rates: [], outputTokens: undefined, marks: [], shadow: [] };
    const facts = {
      at: instant(fixture.clock.now),
      upstream: { ...UPSTREAM, name: action.upstream },
      principal: { ...principal(), tenant: intentFacts("x").principal?.tenant ?? ("" as never) },
      action,
      policy: json.digest,
      decision: { kind: "allow", because: ["pay" as never], terms } as const,
      reservation: undefined,
    };
    const opened = await fixture.ledger.intent(intentFacts("exc_paid", facts));
    const receipt = opened.kind === "pass" ? opened.value : undefined;
    await fixture.ledger.outcome(outcomeFacts("exc_paid", receipt, facts));
    const outcome = { kind: "refused", code: "malformed", detail: "no" } as const;
    const early = { ...facts, outcome, decision: undefined, action: undefined };
    await fixture.ledger.outcome(outcomeFacts("exc_early", undefined, early));
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it("are explained from the record: the rules, what they read, and what they say now", async () => {
    const { status, json } = await get("exc_paid");
    expect([status, json]).toMatchObject([
      200,
      {
        agent: "bot",
        call: "tool pay.send",
        effect: "allow",
        rules: ["pay"],
        in_force: true,
        outcome: "completed",
        now: { effects: ["allow"], rules: ["pay"] },
      },
    ]);
    expect(json.selecting).toEqual([
      {
        id: "pay",
        effect: "allow",
        at: "pay.yaml:4",
        when: "args.amount < 50",
        shadow: false,
        held: "yes",
      },
      expect.objectContaining({ id: "late", held: "no", severity: "high" }),
    ]);
  });

  it("are not there for what no policy judged, nor for what nobody recorded", async () => {
    expect((await get("exc_early")).status).toBe(404);
    expect((await get("exc_none")).status).toBe(404);
  });

  it("are signed, so that whoever has the public key can check them alone", async () => {
    const { json } = await get("exc_paid");
    const { signature, ...document } = json;
    const heads = await fixture.ask("GET", "/core/v1/ledger/heads");
    const key = createPublicKey({
      key: Buffer.from(heads.json.public_key, "base64"),
      format: "der",
      type: "spki",
    });
    const text = Buffer.from(`sallyport decision v1\n${canonicalJson(document)}`);
    expect(verify(null, text, key, Buffer.from(signature.value, "base64"))).toBe(true);
    expect(await check(json)).toEqual({ valid: true, key: signature.key });
  });

  it("are refused as forged with one word changed, without a signature, by another key", async () => {
    const body = { agent: "bot", tool: "pay.refund", arguments: { amount: 1 } };
    const asked = (await fixture.ask("POST", "/core/v1/decisions", { body })).json;
    expect(asked).toMatchObject({ effect: "deny", rules: expect.arrayContaining(["never"]) });
    expect(await check(asked)).toMatchObject({ valid: true });
    expect(await check({ ...asked, effect: "allow" })).toEqual({ valid: false, reason: "forged" });
    const { signature, ...unsigned } = asked;
    expect(await check(unsigned)).toEqual({ valid: false, reason: "unsigned" });
    const other = { ...signature, key: "0".repeat(64) };
    expect(await check({ ...unsigned, signature: other })).toEqual({
      valid: false,
      reason: "unknown_key",
    });
  });

  it("are genuine by a key that the ledger says it has used", async () => {
    const old = generateSigningKey();
    const change = { change: "signing_key.used", about: old.id, by: "sallyport" };
    await fixture.ledger.change({ ...change, detail: { public_key: old.spki } });
    const document = { agent: "bot", effect: "allow" };
    const value = old.sign(`sallyport decision v1\n${canonicalJson(document)}`);
    const signature = { algorithm: "Ed25519", key: old.id, value };
    expect(await check({ ...document, signature })).toEqual({ valid: true, key: old.id });
  });
});
