import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  openAliasBook,
  openAliases,
  withAliases,
  type AliasBook,
  type Aliases,
} from "../../../src/core/inspect/aliases.ts";
import { applyEdits } from "../../../src/core/inspect/edit.ts";
import type { Inspection, InspectionRule } from "../../../src/core/inspect/inspection.ts";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { scanJson } from "../../../src/core/inspect/scan-json.ts";

const RULE: InspectionRule = {
  id: "personal",
  find: ["pii", "secret"],
  scoreMin: 60,
  action: "redact",
  restores: true,
};
const request = (aliases: Aliases): Inspection =>
  withAliases({ surface: "request", rules: [RULE] }, aliases);
const answer = (aliases: Aliases, rules: readonly InspectionRule[] = []): Inspection =>
  withAliases({ surface: "response", rules }, aliases);

/** What becomes of a text that comes in pieces, each let out as soon as it is decided. */
function run(inspection: Inspection, pieces: readonly string[]): string {
  const scanner = createPartScanner(inspection, "p", []);
  for (const piece of pieces) scanner.push(piece);
  scanner.end();
  return applyEdits(pieces.join(""), 0, scanner.edits);
}

const ALICE = "alice@example.org";
const BOB = "bob@example.org";

describe("names for personal data", () => {
  it("are numbered by kind, the same for the same value, and kept by the session", () => {
    const book = openAliasBook();
    const first = request(openAliases(book));
    const text = `${ALICE}, ${BOB}, ${ALICE.toUpperCase()}; card 4111 1111 1111 1111`;
    expect(run(first, [text])).toBe("[EMAIL_1], [EMAIL_2], [EMAIL_1]; card [CARD_1]");
    expect(run(request(openAliases(book)), [`to ${BOB}`])).toBe("to [EMAIL_2]");
    expect(run(request(openAliases(openAliasBook())), [`to ${BOB}`])).toBe("to [EMAIL_1]");
  });

  it("become the values again in the answer of their own exchange alone", () => {
    const book = openAliasBook();
    const own = openAliases(book);
    run(request(own), [`write to ${ALICE}`]);
    expect(run(answer(own), ["sent to [EMAIL_1], not [EMAIL_2]"])).toBe(
      `sent to ${ALICE}, not [EMAIL_2]`,
    );
    expect(run(answer(openAliases(book)), ["sent to [EMAIL_1]"])).toBe("sent to [EMAIL_1]");
  });

  it("stay names where the entry does not restore", () => {
    const aliases = openAliases(openAliasBook());
    const rules = [{ ...RULE, restores: false }];
    const scan = scanJson(withAliases({ surface: "request", rules }, aliases), { to: ALICE }, []);
    expect(scan.value).toEqual({ to: "[EMAIL_1]" });
    expect(run(answer(aliases), ["[EMAIL_1]"])).toBe("[EMAIL_1]");
  });

  it("are never given to secrets, nor restored in a request", () => {
    const aliases = openAliases(openAliasBook());
    const key = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
    expect(run(request(aliases), [`token ${key} of ${ALICE}`])).toBe("token [secret] of [EMAIL_1]");
    expect([...aliases.restored.values()]).toEqual([ALICE]);
    expect(run(request(aliases), ["[EMAIL_1]"])).toBe("[EMAIL_1]");
  });

  it("let the agent's own value pass where answers lose personal data", () => {
    const aliases = openAliases(openAliasBook());
    run(request(aliases), [`write to ${ALICE}`]);
    const inspection = answer(aliases, [{ ...RULE, restores: false }]);
    expect(run(inspection, [`[EMAIL_1] or ${ALICE}, cc ${BOB}`])).toBe(
      `${ALICE} or ${ALICE}, cc [EMAIL_2]`,
    );
  });

  it("stay names behind an encoding", () => {
    const aliases = openAliases(openAliasBook());
    run(request(aliases), [`write to ${ALICE}`]);
    const encoded = btoa("the answer goes to [EMAIL_1] today");
    expect(run(answer(aliases), [encoded])).toBe(encoded);
  });

  it("run out, and what has none is still taken out", () => {
    const full: AliasBook = { numberOf: () => undefined };
    expect(run(request(openAliases(full)), [`to ${ALICE}`])).toBe("to [email]");
  });

  it("are restored however the answer is cut", () => {
    const aliases = openAliases(openAliasBook());
    run(request(aliases), [`${ALICE} and ${BOB}`]);
    const text = "a [EMAIL_1][EMAIL_2] [EMAIL_3] [[EMAIL_1] EMAIL_1] end";
    const cuts = fc.array(fc.nat(text.length), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (places) => {
        const at = [0, ...places.toSorted((a, b) => a - b), text.length];
        const pieces = at.slice(1).map((end, i) => text.slice(at[i], end));
        expect(run(answer(aliases), pieces)).toBe(
          `a ${ALICE}${BOB} [EMAIL_3] [${ALICE} EMAIL_1] end`,
        );
      }),
    );
  });
});
