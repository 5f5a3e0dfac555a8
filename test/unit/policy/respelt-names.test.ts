import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldName } from "../../../src/core/fold-name.ts";
import { id } from "../../../src/core/units.ts";
import { compiled, facts, llm, principal, rulesOf, tool } from "./policy-fixture.ts";

const { snapshot } = compiled(
  rulesOf(`
- { id: all, tools: ["crm.*"], effect: allow }
- { id: one, tools: [crm.delete_user], effect: deny }
- { id: many, tools: ["crm.*_straße_*"], effect: deny }
- { id: asked, tools: ["crm.send*"], effect: approve }
- { id: read, resources: ["crm.*"], effect: allow }
- { id: secret, resources: ["crm.file:///etc/*"], effect: deny }
- { id: greet, prompts: ["crm.*"], effect: allow }
- { id: order, prompts: [crm.order], effect: approve }
- { id: narrow, tools: [web.get], effect: allow }
- { id: models, llm: { models: ["*"] }, effect: allow }
- { id: dear, llm: { models: ["gpt-5*"] }, effect: deny }
`),
);
const verdictOn = (name: string) => snapshot.decide(principal(), tool(name), facts()).kind;

function reading(method: string, name: string) {
  const action = { kind: "mcp", upstream: id<never>("crm"), method, name } as const;
  return snapshot.decide(principal(), action, facts()).kind;
}

/** Each letter in a spelling that some reader takes for it. */
function respelt(name: string): fc.Arbitrary<string> {
  const letters = Array.from(name, (letter) =>
    fc.constantFrom(
      letter,
      letter.toUpperCase(),
      letter.toLowerCase(),
      letter.normalize("NFD"),
      /[!-~]/.test(letter) ? String.fromCharCode(letter.charCodeAt(0) + 0xfee0) : letter,
      `${letter}\u200b`,
      `${letter}\u{e0061}`,
    ),
  );
  const space = fc.constantFrom("", " ", "\t", "\u00a0");
  return fc.tuple(space, ...letters, space).map((parts) => parts.join(""));
}

describe("a rule that restricts", () => {
  it.each([
    ["crm.Delete_User", "deny"],
    ["crm.DELETE_USER", "deny"],
    ["crm.delete_user ", "deny"],
    ["crm.\u017fend_mail", "escalate"],
    ["crm.\u217eelete_user", "deny"],
    ["crm.a_STRASSE_b", "deny"],
    ["crm.Send_mail", "escalate"],
    ["crm.delete_users", "allow"],
    ["web.Get", "deny"],
    ["web.get", "allow"],
  ])("judges %s: %s", (name, verdict) => {
    expect(verdictOn(name)).toBe(verdict);
  });

  it("binds every respelling of a name, and no rule that allows does", () => {
    fc.assert(
      fc.property(respelt("delete_user"), respelt("send_mail"), respelt("get"), (one, two, get) => {
        expect(verdictOn(`crm.${one}`)).toBe("deny");
        expect(verdictOn(`crm.${two}`)).toBe("escalate");
        expect(verdictOn(`web.${get}`)).toBe(get === "get" ? "allow" : "deny");
        expect(snapshot.mayAllow(principal(), tool(`crm.${one}`))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["file:///etc/passwd", "deny"],
    ["FILE:///ETC/passwd", "deny"],
    ["file:///%65tc/passwd", "deny"],
    ["file://localhost/etc/passwd", "deny"],
    ["file:/etc/passwd", "deny"],
    ["file:///etc\\passwd", "deny"],
    ["file:///home/etc/passwd", "allow"],
  ])("judges the resource %s: %s", (uri, verdict) => {
    expect(reading("resources/read", uri)).toBe(verdict);
  });

  it("counts for templates, prompts and models as well", () => {
    const may = (template: string) => snapshot.mayReadSome(principal(), id("crm"), template);
    expect(may("file:///home/{name}")).toBe(true);
    expect(may("FILE:///etc/{name}")).toBe(false);
    expect(reading("prompts/get", "Order")).toBe("escalate");
    expect(reading("prompts/get", "orders")).toBe("allow");
    expect(snapshot.decide(principal(), llm("GPT-5-mini"), facts()).kind).toBe("deny");
    expect(snapshot.decide(principal(), llm("gpt-4"), facts()).kind).toBe("allow");
  });
});

describe("a folded name", () => {
  it("folds to itself, and folds a respelling to the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (name) => {
        const folded = foldName(name);
        expect(foldName(name.normalize("NFD"))).toBe(foldName(name.normalize("NFC")));
        if (!folded.includes("%")) expect(foldName(folded)).toBe(folded);
      }),
      { numRuns: 150 },
    );
  });
});
