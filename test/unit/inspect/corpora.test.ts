/** Properties that must hold for whatever text occurs; the corpora lie beside the repository. */
import { describe, expect, it } from "vitest";
import { applyEdits } from "../../../src/core/inspect/edit.ts";
import { foldLiteral } from "../../../src/core/inspect/fold.ts";
import type { Inspection } from "../../../src/core/inspect/inspection.ts";
import { createPartScanner } from "../../../src/core/inspect/part-scanner.ts";
import { asShown } from "../../../src/core/inspect/layers/overrides.ts";
import { readCorpus } from "../../support/corpora.ts";

interface CorpusText {
  readonly id: string;
  readonly label: string;
  readonly kind: string;
  readonly text: string;
  readonly plain?: string;
}

const BODIES_OF_EACH = 200;
const BODY_UNITS_MAX = 260;

const INSPECTION: Inspection = {
  surface: "response",
  rules: [
    { id: "i", find: ["injection"], scoreMin: 80, action: "block" },
    { id: "r", find: ["pii", "secret"], scoreMin: 60, action: "redact" },
    { id: "o", find: ["exploit", "destination"], scoreMin: 50, action: "report" },
  ],
};

function judged(pieces: readonly string[]) {
  const scanner = createPartScanner(INSPECTION, "p", []);
  for (const piece of pieces) scanner.push(piece);
  scanner.end();
  const { blocked, findings, edits } = scanner;
  return { blocked, findings, text: applyEdits(pieces.join(""), 0, edits) };
}

const bodies = readCorpus<CorpusText>("injection.jsonl");

describe.skipIf(bodies === undefined)("400 bodies of the injection corpus", () => {
  const short = (bodies ?? []).map(({ text, label }) => ({
    label,
    text: text.slice(0, BODY_UNITS_MAX),
  }));
  const chosen = ["attack", "benign"].flatMap((label) =>
    short.filter((body) => body.label === label).slice(0, BODIES_OF_EACH),
  );

  it("are judged the same at every cut", () => {
    expect(chosen.length).toBe(2 * BODIES_OF_EACH);
    for (const { text } of chosen) {
      const whole = judged([text]);
      for (let at = 1; at < text.length; at += 1) {
        const cut = judged([text.slice(0, at), text.slice(at)]);
        if (JSON.stringify(cut) !== JSON.stringify(whole)) expect({ at, text, cut }).toEqual(whole);
      }
    }
  }, 120_000);
});

const hidden = readCorpus<CorpusText>("unicode.jsonl");

describe.skipIf(hidden === undefined)("the Unicode corpus", () => {
  const records = hidden ?? [];

  it.each(records.filter(({ plain }) => plain !== undefined))(
    "$kind $id says what it hides",
    ({ text, plain = "" }) => {
      expect(foldLiteral(asShown(text)).toLowerCase()).toContain(plain.toLowerCase());
    },
  );

  it.each(records.filter(({ label }) => label === "benign"))(
    "$kind $id is left alone",
    ({ text }) => {
      expect(judged([text])).toEqual({ blocked: undefined, findings: [], text });
    },
  );
});
